/** Messages by their ids and keys, and who consumes a topic. */
import { bodyOf } from '../../rocketmq/administration/servers';
import {
  QUERY_MESSAGE,
  QUERY_NOT_FOUND,
  QUERY_TOPIC_CONSUME_BY_WHO,
  SYSTEM_ERROR,
  VIEW_MESSAGE_BY_ID,
} from '../../rocketmq/remoting/codes';
import type { Ask } from './ask';
import { type StoredMessage, storedMessages } from './stored-message';

export interface MessageQuestions {
  /**
   * Messages of a topic with this key, the newest of them. A broker indexes what it stores a little later.
   *
   * @param kind `id`: the id that the client gave it, as each message has since 4.0
   */
  messagesBy(broker: string, topic: string, kind: 'id' | 'key', key: string): Promise<StoredMessage[]>;
  /** What is stored at an offset of the broker's log; undefined: no message begins there. */
  messageAt(broker: string, offset: bigint): Promise<StoredMessage | undefined>;
  /** Groups that consume a topic, or have. */
  groupsOf(broker: string, topic: string): Promise<string[]>;
}

/** A broker gives no more of them. */
const MOST_MESSAGES = 32;
/** Ms since 1970: all times. */
const ALL_TIMES = { beginTimestamp: '0', endTimestamp: '9223372036854775807' };

export function messageQuestions(ask: Ask): MessageQuestions {
  return {
    async messagesBy(broker, topic, kind, key) {
      // Ids are keys of the same index. `_UNIQUE_KEY_QUERY`, by which Java clients tell them apart, changes only how many are given,
      // and some releases leave it out of the signature.
      const fields = { topic, key, maxNum: `${MOST_MESSAGES}`, ...ALL_TIMES };
      const { code, body } = await ask(broker, QUERY_MESSAGE, fields, { allowed: [QUERY_NOT_FOUND] });
      if (code === QUERY_NOT_FOUND) return [];
      // The index knows keys by their hashes.
      return storedMessages(body).filter(message => {
        const { UNIQ_KEY, KEYS = '' } = message.properties;
        return message.topic === topic && (kind === 'id' ? UNIQ_KEY === key : KEYS.split(' ').includes(key));
      });
    },
    async messageAt(broker, offset) {
      const response = await ask(broker, VIEW_MESSAGE_BY_ID, { offset: `${offset}` }, { allowed: [SYSTEM_ERROR] });
      return response.code === SYSTEM_ERROR ? undefined : storedMessages(response.body)[0];
    },
    async groupsOf(broker, topic) {
      const response = await ask(broker, QUERY_TOPIC_CONSUME_BY_WHO, { topic });
      return [...(bodyOf<{ groupList?: readonly string[] }>(response).groupList ?? [])].sort();
    },
  };
}
