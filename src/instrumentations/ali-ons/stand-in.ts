/**
 * Stand-ins of push consumers: a second consumer of the client's own class beside one of the application's, with its
 * options and its handlers, in the group of an absent canary.
 *
 * Stand-ins have a client (`MQClient`: connections, heartbeats, rebalancing) of their own, which all those of a process
 * share. What fails for one of them in the application's client would end the application's subscriptions: a rebalance
 * that rejects does, when it happens within `subscribe`. And the client's id tells a stand-in from a canary.
 */
import { handOverLines } from '../../lines/hand-over';
import { type StandInMaker, standInWith } from '../../rocketmq/hand-over/stand-in';
import { handlerTurns } from '../../rocketmq/sharing/turns';
import type { MQPushConsumer } from './client';
import { coalesced } from './coalesced';
import type { ConsumerState } from './consumer-state';
import { type MQClient, makeStandIn, type StandInOptions } from './stand-in-consumer';

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
function sharedClients({ agent, settle }: StandInOptions) {
  const users = new WeakMap<MQClient, number>();

  return {
    enter(client: MQClient): void {
      const count = users.get(client);
      users.set(client, (count ?? 0) + 1);
      if (count !== undefined) return;
      const debug = (error: unknown) => agent.log.say(handOverLines.standInClientFailed, { problem: String(error) });
      // ali-ons itself looks for new members of its groups every 10 s only. Until then, two would pull the same queues.
      const rebalance = coalesced(() => settle<void>(client.doRebalance()), debug);
      client.on('request', ({ code }) => {
        if (code === NOTIFY_CONSUMER_IDS_CHANGED) rebalance();
      });
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
