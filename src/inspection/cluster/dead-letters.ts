/** What a group gave up on: its dead letter queue. */
import { bodyOf } from '../../rocketmq/administration/servers';
import { GET_TOPIC_STATS_INFO, TOPIC_NOT_EXIST } from '../../rocketmq/remoting/codes';
import type { Ask } from './ask';

export interface DeadLetters {
  /** Those that the broker still keeps. */
  readonly count: number;
  /** When the newest was put there, ms since 1970; undefined: there is none. */
  readonly newestAt: number | undefined;
}

export interface DeadLetterQuestions {
  deadLetters(broker: string, group: string): Promise<DeadLetters>;
}

/** TopicStatsTable.java: by MessageQueue. */
interface TopicStats {
  readonly offsetTable?: Readonly<
    Record<string, { readonly minOffset: number; readonly maxOffset: number; readonly lastUpdateTimestamp: number }>
  >;
}

export function deadLetterTopic(group: string): string {
  return `%DLQ%${group}`;
}

export function deadLetterQuestions(ask: Ask): DeadLetterQuestions {
  return {
    async deadLetters(broker, group) {
      const fields = { topic: deadLetterTopic(group) };
      const response = await ask(broker, GET_TOPIC_STATS_INFO, fields, { allowed: [TOPIC_NOT_EXIST] });
      if (response.code === TOPIC_NOT_EXIST) return { count: 0, newestAt: undefined };
      const queues = Object.values(bodyOf<TopicStats>(response).offsetTable ?? {});
      const count = queues.reduce((sum, { minOffset, maxOffset }) => sum + Math.max(0, maxOffset - minOffset), 0);
      const newestAt = Math.max(0, ...queues.map(({ lastUpdateTimestamp }) => lastUpdateTimestamp));
      return { count, newestAt: newestAt === 0 ? undefined : newestAt };
    },
  };
}

/** Of several brokers together. */
export function allDeadLetters(parts: readonly DeadLetters[]): DeadLetters {
  const newest = parts.flatMap(({ newestAt }) => newestAt ?? []);
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    newestAt: newest.length === 0 ? undefined : Math.max(...newest),
  };
}
