/** The words for what a hand-over tells people. */
import type { HandOverFact } from './events';

export interface Line {
  readonly level: 'info' | 'warn';
  readonly text: string;
}

/** @param group the baseline's @param canaryGroup the canary's group of a tag */
export function lineOf(fact: HandOverFact, group: string, canaryGroup: (tag: string) => string): Line {
  const { tag } = fact;
  const itsGroup = canaryGroup(tag);
  switch (fact.type) {
    case 'left to canary':
      return info(`${group}, ${fact.topic}: ${tag} is managed (${fact.reason}), its messages are those of ${itsGroup}`);
    case 'taken back':
      return takenBack(fact, group, itsGroup);
    case 'stand-in on':
      return info(`${itsGroup}: stand-in on${whyOn(fact)}`);
    case 'left waiting':
      return warn(
        `${group}, ${fact.topic}: nobody stands in for ${tag}, which subscribes to more than this process does: its messages wait in ${itsGroup} until its next start`,
      );
    case 'stand-in off':
      return info(`${itsGroup}: stand-in off, ${whyOff(fact)}`);
  }
}

function takenBack(
  { tag, topic, why }: Extract<HandOverFact, { type: 'taken back' }>,
  group: string,
  itsGroup: string,
): Line {
  const consumer = `${group}, ${topic}`;
  switch (why) {
    case 'no stand-in':
      return warn(
        `${consumer}: takes the messages of ${tag} itself, since no stand-in in ${itsGroup} could be started`,
      );
    case 'no offsets':
      return warn(
        `${consumer}: takes the messages of ${tag} as well, since ${itsGroup} has no offset on some of its queues`,
      );
    case 'given up':
      return info(`${consumer}: ${tag} is given up, its messages are the baseline's again`);
  }
}

function whyOn({ tag, beside }: Extract<HandOverFact, { type: 'stand-in on' }>): string {
  if (beside.length === 0) return `, no canary of ${tag} is there`;
  return ` for ${beside.join(', ')}, to which the canary of ${tag} does not subscribe`;
}

function whyOff({ tag, why }: Extract<HandOverFact, { type: 'stand-in off' }>): string {
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
  }
}

const info = (text: string): Line => ({ level: 'info', text });
const warn = (text: string): Line => ({ level: 'warn', text });
