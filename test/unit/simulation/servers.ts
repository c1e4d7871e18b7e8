/** Name servers and brokers without a network: what they keep, and what they answer to a command of the remoting protocol. */

import type { FilterExpression } from '../../../src/rocketmq/plan/filter-expression';
import {
  CONSUMER_NOT_ONLINE,
  DELETE_KV_CONFIG,
  GET_ALL_SUBSCRIPTIONGROUP_CONFIG,
  GET_BROKER_CLUSTER_INFO,
  GET_CONSUME_STATS,
  GET_CONSUMER_CONNECTION_LIST,
  GET_KVLIST_BY_NAMESPACE,
  GET_MAX_OFFSET,
  GET_PRODUCER_CONNECTION_LIST,
  GET_ROUTEINFO_BY_TOPIC,
  HEART_BEAT,
  NO_PERMISSION,
  PUT_KV_CONFIG,
  QUERY_CONSUMER_OFFSET,
  QUERY_NOT_FOUND,
  QUERY_TOPIC_CONSUME_BY_WHO,
  SUCCESS,
  SYSTEM_ERROR,
  TOPIC_NOT_EXIST,
  UNREGISTER_CLIENT,
  UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
  UPDATE_CONSUMER_OFFSET,
} from '../../../src/rocketmq/remoting/codes';
import type { RemotingResponse } from '../../../src/rocketmq/remoting/connection';
import { type Message, Queue } from './queues';

/** MQVersion.V5_0_0_SNAPSHOT and later tell that a group has no offset. */
const VERSION = 500;

export interface Command {
  readonly code: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One connection, as a server sees it. */
export type Session = object;

export interface SimulatedServer {
  readonly address: string;
  isUp: boolean;
  answer(command: Command, session: Session): RemotingResponse;
  /** A connection has ended. */
  dropSession(session: Session): void;
  /** It ends: all connections to it have ended. */
  goDown(): void;
}

/** What its key-value configuration holds outlives it. */
export class NameServer implements SimulatedServer {
  isUp = true;
  readonly keyValues = new Map<string, string>();
  /** What is to be written is refused, and what is to be read. */
  takesNoValue = false;
  tellsNoValue = false;
  commands = 0;
  /** Addresses of replicas, by the broker's name. */
  readonly replicas = new Map<string, string>();
  /** Names of brokers whose master is away for so long that it is listed no longer. */
  readonly withoutMaster = new Set<string>();

  constructor(
    readonly address: string,
    private readonly brokers: readonly Broker[],
  ) {}

  answer({ code, fields }: Command): RemotingResponse {
    this.commands++;
    const { topic = '', key = '', value = '' } = fields;
    switch (code) {
      case GET_ROUTEINFO_BY_TOPIC: {
        const hosts = this.brokers.filter(broker => broker.queues.has(topic));
        if (hosts.length === 0) return response(TOPIC_NOT_EXIST);
        return response(SUCCESS, {
          brokerDatas: hosts.map(({ name }) => ({ brokerName: name, cluster: CLUSTER })),
          queueDatas: hosts.map(({ name, queues }) => ({
            brokerName: name,
            readQueueNums: queues.get(topic)?.length ?? 0,
          })),
        });
      }
      case GET_BROKER_CLUSTER_INFO: {
        const table = this.brokers.map(({ name, address }) => {
          const replica = this.replicas.get(name);
          const master = !this.withoutMaster.has(name) && { 0: address };
          return [name, { brokerAddrs: { ...master, ...(replica !== undefined && { 1: replica }) } }];
        });
        return response(SUCCESS, {
          brokerAddrTable: Object.fromEntries(table),
          clusterAddrTable: { [CLUSTER]: this.brokers.map(({ name }) => name) },
        });
      }
      case GET_KVLIST_BY_NAMESPACE:
        if (this.tellsNoValue) return response(SYSTEM_ERROR, undefined, 'no disk');
        if (this.keyValues.size === 0) return response(QUERY_NOT_FOUND);
        return response(SUCCESS, { table: Object.fromEntries(this.keyValues) });
      case PUT_KV_CONFIG:
        if (this.takesNoValue) return response(SYSTEM_ERROR, undefined, 'no disk');
        this.keyValues.set(key, value);
        return response(SUCCESS);
      case DELETE_KV_CONFIG:
        this.keyValues.delete(key);
        return response(SUCCESS);
      default:
        throw new Error(`a name server knows no command ${code}`);
    }
  }

  dropSession(): void {}

  goDown(): void {
    this.isUp = false;
  }
}

const CLUSTER = 'DefaultCluster';

/** Its queues, groups and offsets outlive it; who is connected does not. */
export class Broker implements SimulatedServer {
  isUp = true;
  /** False: the account may not ask who announced himself, or announce itself. */
  mayAsk = true;
  mayAnnounce = true;
  /** False: it may not see groups, or the ends of queues. */
  maySeeGroups = true;
  maySeeEnds = true;
  /** False: it may not ask how far a group is. */
  maySeeProgress = true;
  /** Consumer groups whose members it may not see. */
  readonly mayNotSee = new Set<string>();
  /** Codes of the commands that arrived. */
  readonly commands: number[] = [];
  readonly queues = new Map<string, Queue[]>();
  readonly groups = new Map<string, object>();
  /** Client ids by consumer group, each with the filter of its subscription. */
  readonly members = new Map<string, Map<string, FilterExpression>>();
  /** By producer group, then by connection. */
  private readonly producers = new Map<string, Map<Session, string>>();

  constructor(
    readonly name: string,
    readonly address: string,
  ) {}

  answer(command: Command, session: Session): RemotingResponse {
    const { code, fields, body } = command;
    this.commands.push(code);
    const { producerGroup = '', consumerGroup = '' } = fields;
    switch (code) {
      case HEART_BEAT: {
        if (!this.mayAnnounce) return response(NO_PERMISSION, undefined, 'no permission');
        const { clientID, producerDataSet } = JSON.parse(body.toString());
        const { groupName } = producerDataSet[0];
        const members = this.producers.get(groupName) ?? new Map<Session, string>();
        this.producers.set(groupName, members);
        // It keeps the first client id of a connection.
        if (!members.has(session)) members.set(session, clientID);
        return response(SUCCESS);
      }
      case UNREGISTER_CLIENT:
        this.producers.get(producerGroup)?.delete(session);
        return response(SUCCESS);
      case GET_PRODUCER_CONNECTION_LIST: {
        if (!this.mayAsk) return response(NO_PERMISSION, undefined, 'no permission');
        const clientIds = [...(this.producers.get(producerGroup)?.values() ?? [])];
        if (clientIds.length === 0)
          return response(SYSTEM_ERROR, undefined, `the producer group[${producerGroup}] not exist`);
        return response(SUCCESS, { connectionSet: clientIds.map(clientId => ({ clientId })) });
      }
      case QUERY_TOPIC_CONSUME_BY_WHO: {
        const consuming = [...this.members].filter(([, members]) => members.size > 0).map(([group]) => group);
        const standing = (this.queues.get(fields.topic ?? '') ?? []).flatMap(({ offsets }) => [...offsets.keys()]);
        return response(SUCCESS, { groupList: [...new Set([...consuming, ...standing])] });
      }
      case GET_CONSUMER_CONNECTION_LIST: {
        if (this.mayNotSee.has(consumerGroup)) return response(NO_PERMISSION, undefined, 'no permission');
        const members = [...(this.members.get(consumerGroup) ?? [])];
        const last = members.at(-1);
        if (last === undefined) return response(CONSUMER_NOT_ONLINE);
        const { type: expressionType, expression: subString } = last[1];
        return response(SUCCESS, {
          connectionSet: members.map(([clientId]) => ({ clientId, clientAddr: '10.0.0.1:1000' })),
          subscriptionTable: Object.fromEntries(
            [...this.queues.keys()].map(topic => [topic, { topic, subString, expressionType }]),
          ),
        });
      }
      case GET_ALL_SUBSCRIPTIONGROUP_CONFIG:
        if (!this.maySeeGroups) return response(NO_PERMISSION, undefined, 'no permission');
        return response(SUCCESS, { subscriptionGroupTable: Object.fromEntries(this.groups) });
      case UPDATE_AND_CREATE_SUBSCRIPTIONGROUP: {
        const settings = JSON.parse(body.toString());
        this.groups.set(settings.groupName, settings);
        return response(SUCCESS);
      }
      default:
        return this.answerOffset(command);
    }
  }

  private answerOffset({ code, fields }: Command): RemotingResponse {
    const { topic = '', queueId = '0', consumerGroup = '', commitOffset = '' } = fields;
    const queue = this.queues.get(topic)?.[Number(queueId)];
    switch (code) {
      case QUERY_CONSUMER_OFFSET: {
        const offset = queue?.offsets.get(consumerGroup);
        if (offset !== undefined) return response(SUCCESS, undefined, '', { offset: `${offset}` });
        // Of a young queue, unless it is told otherwise.
        if (queue?.isYoung && fields.setZeroIfNotFound !== 'false') {
          return response(SUCCESS, undefined, '', { offset: '0' });
        }
        return response(QUERY_NOT_FOUND);
      }
      case UPDATE_CONSUMER_OFFSET:
        if (!this.groups.has(consumerGroup)) return response(26, undefined, 'no group');
        queue?.offsets.set(consumerGroup, Number(commitOffset));
        return response(SUCCESS);
      case GET_CONSUME_STATS: {
        if (!this.maySeeProgress) return response(NO_PERMISSION, undefined, 'no permission');
        const read = [...this.queues].flatMap(([topic, queues]) =>
          queues.map((queue, queueId) => ({ topic, queueId, queue, offset: queue.offsets.get(consumerGroup) })),
        );
        const table = read
          .filter(({ offset }) => offset !== undefined)
          .map(({ topic, queueId, queue, offset }) => [
            JSON.stringify({ topic, queueId }),
            { brokerOffset: queue.messages.length, consumerOffset: offset },
          ]);
        return response(SUCCESS, { offsetTable: Object.fromEntries(table) });
      }
      case GET_MAX_OFFSET:
        if (!this.maySeeEnds) return response(NO_PERMISSION, undefined, 'no permission');
        return response(SUCCESS, undefined, '', { offset: `${queue?.messages.length ?? 0}` });
      default:
        throw new Error(`a broker knows no command ${code}`);
    }
  }

  /** How many have announced themselves in a producer group. */
  producersOf(group: string): number {
    return this.producers.get(group)?.size ?? 0;
  }

  dropSession(session: Session): void {
    for (const members of this.producers.values()) members.delete(session);
  }

  goDown(): void {
    this.isUp = false;
    this.producers.clear();
  }

  /** The queues of a topic, or of a group's retries, which are made when they are needed. */
  queuesOf(topic: string): Queue[] {
    const queues = this.queues.get(topic) ?? [];
    this.queues.set(topic, queues);
    return queues;
  }

  addQueue(topic: string, isYoung: boolean): Queue {
    const queue = new Queue(isYoung);
    this.queuesOf(topic).push(queue);
    return queue;
  }

  /** Gives a message back to a group: in a topic of the group's own. */
  retry(group: string, message: Message): void {
    const topic = `%RETRY%${group}`;
    const queue = this.queuesOf(topic)[0] ?? this.addQueue(topic, true);
    queue.put(message);
  }
}

function response(
  code: number,
  body?: object,
  remark = '',
  extFields: Readonly<Record<string, string>> = {},
): RemotingResponse {
  return {
    code,
    remark,
    version: VERSION,
    extFields,
    body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
  };
}
