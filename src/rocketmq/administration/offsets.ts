/** Where groups stand in queues, and where queues end. */
import type { Beginning } from '../plan/subscription';
import {
  GET_ALL_CONSUMER_OFFSET,
  GET_MAX_OFFSET,
  NO_PERMISSION,
  QUERY_CONSUMER_OFFSET,
  QUERY_NOT_FOUND,
  SEARCH_OFFSET_BY_TIMESTAMP,
  UPDATE_CONSUMER_OFFSET,
} from '../remoting/codes';
import type { RemotingResponse } from '../remoting/connection';
import type { Broker } from './broker';
import { BrokerAdministrationError } from './refusal';
import { type Servers, VERSION_5, wholeTable } from './servers';

export interface Offsets {
  /** Where a group continues to read a queue; undefined when it never committed an offset there. */
  committedOffset(broker: Broker, group: string, topic: string, queueId: number): Promise<number | undefined>;
  /**
   * Where a group that never committed an offset in a queue begins to read it now, by clients with this `beginning`: without
   * one at 0 or at its end. Undefined when the account is not told where that is.
   */
  initialOffset(
    broker: Broker,
    group: string,
    topic: string,
    queueId: number,
    beginning?: Beginning,
  ): Promise<number | undefined>;
  /** Sets where a group continues to read a queue. */
  commitOffset(broker: Broker, group: string, topic: string, queueId: number, offset: number): Promise<void>;
  /** Where the next message of a queue will be. */
  maxOffset(broker: Broker, topic: string, queueId: number): Promise<number>;
}

/** ConsumerOffsetSerializeWrapper.java: by `topic@group`, then by queue. */
interface ConsumerOffsets {
  readonly offsetTable?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export function offsets(servers: Servers): Offsets {
  const { askBroker } = servers;
  const allOffsets = wholeTable<ConsumerOffsets>(servers, GET_ALL_CONSUMER_OFFSET);

  async function queryOffset(broker: Broker, fields: Record<string, string>) {
    const response = await askBroker(broker, QUERY_CONSUMER_OFFSET, fields, { allowed: [QUERY_NOT_FOUND] });
    const { code, version } = response;
    return {
      offset: code === QUERY_NOT_FOUND ? undefined : offsetOf(broker, QUERY_CONSUMER_OFFSET, response),
      version,
    };
  }

  return {
    async committedOffset(broker, group, topic, queueId) {
      const queue = { consumerGroup: group, topic, queueId: `${queueId}` };
      const { offset, version } = await queryOffset(broker, { ...queue, setZeroIfNotFound: 'false' });
      if (offset !== 0 || version >= VERSION_5) return offset;
      // A broker before 5.0 does not know setZeroIfNotFound: the 0 of a queue whose first message is still in its memory
      // may be none. Only the table of all offsets tells.
      const { offsetTable = {} } = await allOffsets(broker);
      return offsetTable[`${topic}@${group}`]?.[queueId];
    },
    async initialOffset(broker, group, topic, queueId, beginning) {
      const queue = { consumerGroup: group, topic, queueId: `${queueId}` };
      // As clients ask before their first pull: 0 while the queue's first message is still in the broker's memory.
      const { offset } = await queryOffset(broker, queue);
      if (offset !== undefined) return offset;
      if (beginning === 'first') return 0;
      const fields = { topic, queueId: `${queueId}` };
      const [command, more] =
        beginning === undefined
          ? [GET_MAX_OFFSET, {}]
          : [SEARCH_OFFSET_BY_TIMESTAMP, { timestamp: `${beginning.since}` }];
      const response = await askBroker(broker, command, { ...fields, ...more }, { allowed: [NO_PERMISSION] });
      // The authentication of 5.x does not count this as part of sending and receiving.
      if (response.code === NO_PERMISSION) return undefined;
      return offsetOf(broker, command, response);
    },
    async commitOffset(broker, group, topic, queueId, offset) {
      const fields = { consumerGroup: group, topic, queueId: `${queueId}`, commitOffset: `${offset}` };
      await askBroker(broker, UPDATE_CONSUMER_OFFSET, fields);
    },
    async maxOffset(broker, topic, queueId) {
      const response = await askBroker(broker, GET_MAX_OFFSET, { topic, queueId: `${queueId}` });
      return offsetOf(broker, GET_MAX_OFFSET, response);
    },
  };
}

function offsetOf({ address, name }: Broker, command: number, { code, extFields }: RemotingResponse): number {
  const offset = Number(extFields.offset);
  if (Number.isSafeInteger(offset)) return offset;
  throw new BrokerAdministrationError(address ?? name, command, code, `offset ${extFields.offset}`);
}
