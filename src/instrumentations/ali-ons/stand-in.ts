/**
 * Stand-ins of push consumers: a second consumer of the client's own class beside one of the application's, with its
 * options and its handlers, in the group of an absent canary.
 *
 * Stand-ins have a client (`MQClient`: connections, heartbeats, rebalancing) of their own, which all those of a process
 * share. What fails for one of them in the application's client would end the application's subscriptions: a rebalance
 * that rejects does, when it happens within `subscribe`. And the client's id tells a stand-in from a canary.
 */

import type { AnyFunction } from '../../foreign-objects/wrap';
import { handOverLines } from '../../lines/hand-over';
import { type StandInMaker, standInWith } from '../../rocketmq/hand-over/stand-in';
import { handlerTurns } from '../../rocketmq/sharing/turns';
import type { MQPushConsumer } from './client';
import { coalesced } from './coalesced';
import type { ConsumerState } from './consumer-state';
import { answerDirectConsumption, type StoredMessage } from './direct-consumption';
import { ended, inKindOf } from './either-kind';
import { LEFT_TO_OTHERS } from './handler';
import { type MQClient, makeStandIn, type StandInConsumer, type StandInOptions } from './stand-in-consumer';

/** `RequestCode.NOTIFY_CONSUMER_IDS_CHANGED` */
const NOTIFY_CONSUMER_IDS_CHANGED = 40;

/**
 * How many start at a time. Each start has the client share out the queues of all its consumers, one consumer after the
 * other: of fifty that start at once none is done in time.
 */
const AT_A_TIME = 4;

/** Makes stand-ins beside a consumer of the application. */
export function standInMaker(options: StandInOptions): (main: MQPushConsumer, state: ConsumerState) => StandInMaker {
  const clients = sharedClients(options);
  const turns = handlerTurns<MQPushConsumer>(() => AT_A_TIME);

  return (main, state) => ({
    async turn() {
      await turns.enter(main);
      return () => turns.leave(main);
    },
    async start(intake, subscriptions) {
      const standIn = makeStandIn(main, state, intake, options);
      const { client } = standIn;
      clients.enter(client);
      const leaving = standInWith(standIn, () => {
        const left = standIn.leave();
        return { left, closed: left.then(() => clients.leave(client)).catch(() => {}) };
      });
      try {
        await standIn.start(subscriptions);
      } catch (error) {
        await leaving.leave();
        await leaving.closed;
        throw error;
      }
      return leaving;
    },
  });
}

/** Clients of stand-ins: each ends with the last stand-in that uses it. */
function sharedClients(options: StandInOptions) {
  const { agent, settle, states } = options;
  const users = new WeakMap<MQClient, number>();

  return {
    enter(client: MQClient): void {
      const count = users.get(client);
      users.set(client, (count ?? 0) + 1);
      if (count !== undefined) return;
      tellOfHeartbeats(client, consumer => states.of(consumer).standIn?.registered());
      const debug = (error: unknown) => agent.log.say(handOverLines.standInClientFailed, { problem: String(error) });
      // ali-ons itself looks for new members of its groups every 10 s only. Until then, two would pull the same queues.
      const rebalance = coalesced(() => settle<void>(client.doRebalance()), debug);
      client.on('request', ({ data }) => {
        if (data.code === NOTIFY_CONSUMER_IDS_CHANGED) rebalance();
      });
      answerDirectConsumption(client, options, (group, message) => consume(client, group, message, options), debug);
    },
    async leave(client: MQClient): Promise<void> {
      const count = (users.get(client) ?? 1) - 1;
      users.set(client, count);
      if (count > 0) return;
      // The client's own table of clients forgets it at once: what starts from now on gets a new one.
      client.emit('close');
      await client.ready().then(
        () => settle(client.close()),
        () => {},
      );
    },
  };
}

/**
 * Has the stand-in in `group` handle a message that did not come to it by its pulls.
 *
 * @returns false: it does not subscribe to it, or leaves
 * @throws what the handler throws
 */
async function consume(
  { _consumerTable }: MQClient,
  group: string,
  message: StoredMessage,
  { settle }: StandInOptions,
): Promise<boolean> {
  const standIn = _consumerTable.get(group) as StandInConsumer | undefined;
  const topic = message.retryTopic ?? message.topic;
  const handler = standIn?._subscriptions.get(topic)?.handler;
  if (standIn === undefined || handler === undefined) return false;
  try {
    return (await settle(handler.call(standIn, Object.assign(message, { topic })))) !== LEFT_TO_OTHERS;
  } catch (error) {
    standIn.emit('error', error);
    throw error;
  }
}

/**
 * Calls `onRegistered` for each consumer that a heartbeat of the client told the brokers of. The others of its group have
 * from then on to make room; consumers that start together wait for that at the same time, not one after the other.
 */
function tellOfHeartbeats(client: MQClient, onRegistered: (consumer: object) => void): void {
  const original = client.sendHeartbeatToAllBroker as AnyFunction;
  client.sendHeartbeatToAllBroker = inKindOf(original, function* sendHeartbeatToAllBroker(this: MQClient) {
    const told = [...client._consumerTable.values()] as object[];
    const result = yield* ended(original.call(this));
    told.forEach(onRegistered);
    return result;
  });
}
