/** Who is in a consumer group, and where it stands. */

import { consumeStatsFields, consumeStatsIn, type GroupInQueue } from '../../rocketmq/administration/consume-stats';
import { type ConnectedConsumers, connectedConsumers } from '../../rocketmq/administration/consumer-connection';
import { isStandInId } from '../../rocketmq/presence/consumer-client-id';
import { CONSUMER_NOT_ONLINE, GET_CONSUME_STATS, GET_CONSUMER_CONNECTION_LIST } from '../../rocketmq/remoting/codes';
import type { Ask } from './ask';
import type { GroupMembers } from './group-members';

/** Where a group stands on one broker. */
export interface GroupStats {
  readonly queues: readonly GroupInQueue[];
}

export interface GroupQuestions {
  /** Nobody: no members. Also of a proxy. */
  members(address: string, group: string): Promise<GroupMembers>;
  stats(broker: string, group: string): Promise<GroupStats>;
}

export function groupQuestions(ask: Ask): GroupQuestions {
  return {
    async members(address, group) {
      const fields = { consumerGroup: group };
      const response = await ask(address, GET_CONSUMER_CONNECTION_LIST, fields, { allowed: [CONSUMER_NOT_ONLINE] });
      if (response.code === CONSUMER_NOT_ONLINE) return { members: [], filters: {}, isBroadcast: false };
      return membersIn(connectedConsumers(response));
    },
    async stats(broker, group) {
      return { queues: consumeStatsIn(await ask(broker, GET_CONSUME_STATS, consumeStatsFields(group))) };
    },
  };
}

function membersIn({ members, filters, messageModel }: ConnectedConsumers): GroupMembers {
  return {
    members: members
      .map(member => ({ ...member, isStandIn: isStandInId(member.clientId) }))
      .sort((a, b) => (a.clientId < b.clientId ? -1 : 1)),
    filters,
    isBroadcast: messageModel === 'BROADCASTING',
  };
}
