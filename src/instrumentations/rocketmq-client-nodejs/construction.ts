/** Consumers of rocketmq-client-nodejs 1.x, as the application makes them. */

import type { Agent } from '../../agent/agent';
import type { Exports, LibraryCopy } from '../../agent/instrumentation';
import { overlay } from '../../foreign-objects/overlay';
import { wrapClass } from '../../foreign-objects/wrap';
import { handOverLines } from '../../lines/hand-over';
import type { ClientKind } from '../../rocketmq/consumer/client';
import type { Intake } from '../../rocketmq/hand-over/intake';
import type { StandInMaker } from '../../rocketmq/hand-over/stand-in';
import { CANARY_SUFFIX } from '../../rocketmq/presence/consumer-client-id';
import { type ClientConsumer, type ClientFilter, type ConsumerOptions, liveFilter, subscription } from './client';
import { type ConsumerState, noteConsumer } from './consumer-state';
import { listenerInTurn } from './family-limits';
import { scopedListener } from './listener';
import { changedMethod, type Main, snapshot } from './stand-in';

const CLIENT: ClientKind = { name: 'rocketmq-client-nodejs', knowsSql92: true, sharesQueues: true };

/** What a kind of consumer adds to one that the application made: how its stand-ins are made. */
type Extend<C extends ClientConsumer> = (main: Main<C>, state: ConsumerState) => StandInMaker | undefined;

/** The consumer class with its construction changed: the canary's group, the environment's filter, the message's scope. */
export function consumerClass<C extends ClientConsumer>(
  Original: Exports,
  agent: Agent,
  copy: LibraryCopy,
  extend: Extend<C>,
): Exports {
  return wrapClass(Original, (args, newTarget, make) => {
    const change = agent.guard('the construction of a consumer', undefined, () =>
      openSession(args[0] as ConsumerOptions, newTarget, agent, copy),
    );
    const consumer = make(change === undefined ? args : [change.options, ...args.slice(1)]);
    if (change === undefined) {
      if (!isLeftAlone(newTarget)) agent.sessions.sayUnplanned(String(consumer.consumerGroup));
      return consumer;
    }
    const { state } = change;
    noteConsumer(consumer, state);
    const { intake } = state.session;
    // Brokers list a client that crashed for two minutes more: by this it is known not to be a canary without an agent.
    if (intake.tag !== undefined) consumer.clientId += CANARY_SUFFIX;
    if (intake.isFiltered) {
      agent.guard('stand-ins of a consumer', undefined, () => {
        const main = { consumer, Original, options: state.options, agent, copy };
        const maker = extend(main, state);
        state.standIns = () => (canStandIn(main, intake) ? maker : undefined);
      });
    }
    return consumer;
  });
}

/** Without stand-ins a consumer must not leave a canary's messages to anybody: its session has to know before it starts. */
function canStandIn(main: Main, { group, tag }: Intake): boolean {
  const { agent } = main;
  const changed = agent.guard('the class of a consumer', undefined, () => changedMethod(main));
  if (changed === undefined) return true;
  const { mqBaseline } = agent.settings;
  if (mqBaseline === 'auto' && tag === undefined) {
    agent.log.say(handOverLines.changedClass, { group, method: changed });
  }
  return false;
}

function openSession(options: ConsumerOptions, newTarget: object, agent: Agent, copy: LibraryCopy) {
  if (isLeftAlone(newTarget)) return undefined;
  // What the client itself refuses, it refuses with its own words. Like the client, anything with entries is a Map.
  if (!options?.consumerGroup || typeof options.subscriptions?.entries !== 'function') return undefined;
  const { messageListener } = options;
  if (messageListener === undefined) agent.context.enableFlows();

  const session = agent.sessions.open(String(options.consumerGroup), CLIENT);
  const { intake } = session;
  const entries = [...options.subscriptions.entries()];
  session.subscribed(entries.flatMap(([topic, filter]) => subscription(topic, filter)));
  const changes = {
    consumerGroup: intake.group,
    subscriptions: new Map(entries.map(([topic, filter]) => [topic, clientFilter(topic, filter, intake, copy)])),
    ...(messageListener && {
      messageListener: listenerInTurn(scopedListener(messageListener, intake, agent, copy), intake),
    }),
  };
  const state: ConsumerState = { session, options: snapshot(options), stillPolled: new Set() };
  return { options: overlay(options, changes), state };
}

/** The filter that the client gets in the place of the application's. */
export function clientFilter(
  topic: string,
  filter: string | ClientFilter,
  intake: Intake,
  copy: LibraryCopy,
): string | ClientFilter {
  const asked = subscription(topic, filter)[0];
  return asked === undefined || !intake.isFiltered ? filter : liveFilter(asked, intake, copy);
}

/** Prototypes of consumer classes that are built upon the ones changed here and are left as they are. */
const leftAlone = new WeakSet<object>();

export function leaveAlone(prototype: object): void {
  leftAlone.add(prototype);
}

function isLeftAlone(newTarget: object): boolean {
  let prototype = (newTarget as { prototype: object | null }).prototype;
  while (prototype !== null && !leftAlone.has(prototype)) prototype = Object.getPrototypeOf(prototype) as object | null;
  return prototype !== null;
}
