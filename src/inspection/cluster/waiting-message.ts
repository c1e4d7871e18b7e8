/** The first message in a queue that a filter selects: whether a group has something to do, and since when. */
import { refusal } from '../../rocketmq/administration/refusal';
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import {
  PULL_MESSAGE,
  PULL_NOT_FOUND,
  PULL_OFFSET_MOVED,
  PULL_RETRY_IMMEDIATELY,
  SUCCESS,
} from '../../rocketmq/remoting/codes';
import type { Ask } from './ask';
import type { GroupMembers } from './group-members';
import { type StoredMessage, storedMessages } from './stored-message';

export interface WaitingQuestions {
  /**
   * The first message from an offset on that the filter selects; undefined: none, or none among some thousands.
   * Nobody's offset is moved.
   */
  firstMessage(
    broker: string,
    queue: { readonly topic: string; readonly queueId: number },
    offset: number,
    filter: FilterExpression,
  ): Promise<StoredMessage | undefined>;
}

/** Each broker has it (SubscriptionGroupManager.init, 4.5 to 5.5), and mqadmin pulls with it: it is in nobody's statistics. */
const GROUP = 'TOOLS_CONSUMER';
/** PullSysFlag.java: the filter is in the request. Neither is an offset committed nor does the broker hold the request. */
const FLAG_SUBSCRIPTION = 4;
/** A broker reads over some hundreds of messages for one answer. */
const MOST_PULLS = 20;

export function waitingQuestions(ask: Ask): WaitingQuestions {
  return {
    async firstMessage(broker, { topic, queueId }, offset, { type, expression }) {
      let from = offset;
      for (let pull = 0; pull < MOST_PULLS; pull++) {
        const fields = {
          consumerGroup: GROUP,
          topic,
          queueId: `${queueId}`,
          queueOffset: `${from}`,
          maxMsgNums: '1',
          sysFlag: `${FLAG_SUBSCRIPTION}`,
          commitOffset: '0',
          suspendTimeoutMillis: '0',
          subscription: expression,
          subVersion: '0',
          expressionType: type,
        };
        const allowed = [PULL_NOT_FOUND, PULL_RETRY_IMMEDIATELY, PULL_OFFSET_MOVED];
        const response = await ask(broker, PULL_MESSAGE, fields, { allowed });
        if (response.code === SUCCESS) return storedMessages(response.body)[0];
        const next = Number(response.extFields.nextBeginOffset);
        if (!Number.isSafeInteger(next)) throw refusal(broker, PULL_MESSAGE, response);
        // The end of the queue answers with itself.
        if (next <= from) return undefined;
        from = next;
      }
      return undefined;
    },
  };
}

/** The oldest message that waits in a queue. */
export interface OldestWaiting {
  readonly topic: string;
  /** Ms since 1970. */
  readonly storedAt: number;
}

/**
 * The oldest message that waits in these queues and that the filter of the group's members selects. Undefined where there is
 * none, or nobody is there who could take it.
 *
 * @param filterOf of a topic of which members told none; undefined: it is none of theirs
 */
export async function oldestWaiting(
  inspection: WaitingQuestions,
  broker: string,
  members: GroupMembers | undefined,
  queues: readonly { readonly topic: string; readonly queueId: number; readonly committed: number }[],
  filterOf: (topic: string) => FilterExpression | undefined,
): Promise<OldestWaiting | undefined> {
  if (members === undefined || members.members.length === 0) return undefined;
  const first = await Promise.all(
    queues.map(async ({ committed, ...queue }) => {
      const filter = members.filters[queue.topic] ?? filterOf(queue.topic);
      return filter && (await inspection.firstMessage(broker, queue, committed, filter));
    }),
  );
  return oldestOf(first);
}

export function oldestOf(waiting: readonly (OldestWaiting | undefined)[]): OldestWaiting | undefined {
  let oldest: OldestWaiting | undefined;
  for (const one of waiting) {
    if (one !== undefined && (oldest === undefined || one.storedAt < oldest.storedAt)) oldest = one;
  }
  return oldest && { topic: oldest.topic, storedAt: oldest.storedAt };
}
