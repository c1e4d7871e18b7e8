/** What is wrong with the group and its canary, and what of it is well. */
import { isKnown } from '../cluster/answer';
import { problemsOf } from '../problems/problems';
import { asCheck, type Check } from './check';
import { doctorFamily } from './doctor-family';
import type { DoctorPicture } from './doctor-picture';
import { takerChecks } from './taker-checks';

/** These the doctor looks at on each broker, with the commands that put them right. */
const LOOKED_AT_BY_BROKER = ['group'];
/** These stand beside what is well of the same. */
const BESIDE_OTHERS = ['online'];

export function problemChecks(picture: DoctorPicture): Check[] {
  const problems = problemsOf(doctorFamily(picture)).filter(
    ({ check }) => ![...LOOKED_AT_BY_BROKER, ...BESIDE_OTHERS].includes(check),
  );
  const isWell = (check: string) => !problems.some(problem => problem.check === check);
  return [
    ...problems.map(asCheck),
    ...(isWell('who takes it') ? takerChecks(picture) : []),
    ...(isWell('dead letters') ? deadLettersAreNone(picture) : []),
  ];
}

function deadLettersAreNone(picture: DoctorPicture): Check[] {
  const { baseline, canaries } = doctorFamily(picture);
  const groups = [baseline, ...canaries];
  if (groups.some(({ deadLetters }) => deadLetters === undefined || !isKnown(deadLetters))) return [];
  const subject = groups.map(({ group }) => group).join(', ');
  return [{ check: 'dead letters', subject, verdict: 'ok', finding: 'none' }];
}
