/** Who takes the tag's messages. */

import { inItsGroup } from '../problems/taker-problems';
import { takingOf } from '../problems/taking';
import type { Check } from './check';
import { doctorFamily } from './doctor-family';
import type { DoctorPicture } from './doctor-picture';

/** What is well of it: the rest is among the problems. */
export function takerChecks(picture: DoctorPicture): Check[] {
  const family = doctorFamily(picture);
  const { question, canaryGroup } = picture;
  const check = { check: 'who takes it', subject: `messages of ${question.tag}`, verdict: 'ok' as const };
  return family.canaries.flatMap((canary): Check[] => {
    const taking = takingOf(family, canary, question.topic);
    if (taking.by === 'baseline') return [{ ...check, finding: `the baseline, in ${question.group}: ${taking.why}` }];
    return taking.by === 'canary' || taking.by === 'stand-ins'
      ? [{ ...check, finding: inItsGroup(taking, canaryGroup) }]
      : [];
  });
}
