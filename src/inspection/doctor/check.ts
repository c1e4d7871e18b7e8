/** What every check of the doctor is made of. */
import type { Check } from '../problems/check';
import type { DoctorPicture } from './doctor-picture';

export { asCheck, type Check, type Looked, notKnown, type Verdict } from '../problems/check';

/** What the picture of a cluster says of one subject. */
export type DoctorCheck = (picture: DoctorPicture) => Check[];
