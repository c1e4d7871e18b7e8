/** What the name servers have written down of the canary's group. */
import { ago } from '../cluster/amounts';
import { isKnown } from '../cluster/answer';
import { type Check, notKnown } from './check';
import type { DoctorPicture } from './doctor-picture';

export function markerChecks(picture: DoctorPicture): Check[] {
  return [markerCheck(picture)];
}

function markerCheck({ markers, question, canaryGroup, at }: DoctorPicture): Check {
  const check = { check: 'marker', subject: canaryGroup };
  if (markers === undefined || !isKnown(markers)) {
    return notKnown(check, markers ?? { problem: 'no name server is given', isRefusal: false });
  }
  const marker = markers.value.find(({ tag }) => tag === question.tag);
  if (marker === undefined) {
    return { ...check, verdict: 'ok', finding: `none: the first canary of ${question.tag} writes it` };
  }
  const topics = marker.topics === undefined ? '' : `, topics ${marker.topics.join(', ')}`;
  const when = marker.phase === 'managed' ? 'heard of' : 'since';
  return { ...check, verdict: 'ok', finding: `${marker.phase}, ${when} ${ago(at - marker.at)} ago${topics}` };
}
