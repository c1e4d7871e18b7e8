/** What a server is, and what it lets this account do. */

import type { Credentials } from '../../names/credentials';
import { plainWords } from '../../rocketmq/administration/refusal';
import {
  GET_PRODUCER_CONNECTION_LIST,
  NO_PERMISSION,
  SUCCESS,
  SYSTEM_ERROR,
  UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
} from '../../rocketmq/remoting/codes';
import { withoutAccount } from './answer';
import type { Ask } from './ask';
import { releaseOf } from './broker-version';

export interface ServerQuestions {
  /** The release of the server; undefined: it does not say. It answers whoever asks. */
  release(address: string): Promise<string | undefined>;
  /** What the broker says against this account's creating groups; undefined: nothing. Creates none. */
  refusalOfGroups(broker: string): Promise<string | undefined>;
}

export function serverQuestions(ask: Ask, credentials: Credentials | undefined): ServerQuestions {
  return {
    async release(address) {
      // Whatever it answers, also that it does not let this account in, it answers as what it is.
      const fields = { producerGroup: 'rocketmq-gray' };
      const { version } = await ask(address, GET_PRODUCER_CONNECTION_LIST, fields, { allowed: 'all' });
      return releaseOf(version);
    },
    async refusalOfGroups(broker) {
      // Settings of no group: a broker that lets the account create groups has nothing to do
      // (AdminBrokerProcessor.updateAndCreateSubscriptionGroup, 4.5 to 5.5).
      const nothing = { body: Buffer.from('null'), allowed: [SYSTEM_ERROR, NO_PERMISSION] };
      const { code, remark } = await ask(broker, UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, nothing);
      return code === SUCCESS ? undefined : withoutAccount(plainWords(remark), credentials);
    },
  };
}
