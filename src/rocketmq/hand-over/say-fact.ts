/** Tells people what the core of a hand-over has to say. */
import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';
import type { HandOverFact } from './events';

type Of<T extends HandOverFact['type']> = Extract<HandOverFact, { type: T }>;

/** @param group the baseline's @param groupOf the canary's group of a tag */
export function sayFact(
  fact: HandOverFact,
  group: string,
  groupOf: (tag: string) => string,
  log: Pick<Log, 'say'>,
): void {
  const canaryGroup = groupOf(fact.tag);
  switch (fact.type) {
    case 'left to canary':
      log.say(handOverLines.leftToCanary, { group, canaryGroup, ...fact });
      return;
    case 'taken back':
      log.say(TAKEN_BACK[fact.why], { group, canaryGroup, ...fact });
      return;
    case 'stand-in on':
      if (fact.beside.length === 0) log.say(handOverLines.standInOn, { canaryGroup, ...fact });
      else log.say(handOverLines.standInBeside, { canaryGroup, tag: fact.tag, topics: fact.beside.join(', ') });
      return;
    case 'left waiting':
      log.say(handOverLines.leftWaiting, { group, canaryGroup, ...fact });
      return;
    case 'stand-in off':
      log.say(handOverLines.standInOff, { canaryGroup, why: whyOff(fact) });
  }
}

const TAKEN_BACK = {
  'no stand-in': handOverLines.takenForLackOfStandIn,
  'no offsets': handOverLines.takenForLackOfOffsets,
  'given up': handOverLines.givenUp,
} as const satisfies Record<Of<'taken back'>['why'], unknown>;

function whyOff({ tag, why }: Of<'stand-in off'>): string {
  switch (why) {
    case 'consumer closed':
      return 'the consumer is closed';
    case 'canary present':
      return `a canary of ${tag} is there`;
    case 'canary absent':
      return `the canary of ${tag} is no longer there beside it`;
    case 'nothing left':
      return 'nothing is left to it';
    case 'given up':
      return `${tag} is given up`;
    case 'ignored':
      return `${tag} is ignored`;
    case 'left to others':
      return 'other processes of the baseline stand in';
  }
}
