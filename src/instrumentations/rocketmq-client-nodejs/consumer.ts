/** Consumers of rocketmq-client-nodejs 1.x: what is made of one at its construction, and of its later subscriptions. */
import type { Agent } from '../../agent';
import { endOfTaken, messageBatch } from '../../context/message-batch';
import type { Exports, LibraryCopy, Patch } from '../../loader/instrumentation';
import { overlay } from '../../loader/overlay';
import { type AnyFunction, wrapClass, wrapMethod } from '../../loader/wrap';
import { extractTag } from '../../propagation/message-properties';
import type { ConsumerPlan } from '../../rocketmq/consumer-plan';
import type { ClientKind, Subscription } from '../../rocketmq/message-policy';

const CLIENT: ClientKind = { name: 'rocketmq-client-nodejs', knowsSql92: true, sharesQueues: true };

/** `FilterType` of proto/apache/rocketmq/v2/definition.proto. */
const TAG = 1;
const SQL = 2;

/** The parts of the client's objects that are used here. */
interface ClientFilter {
  readonly expression: string;
  readonly filterType: number;
}
type ClientFilterClass = new (expression: string, filterType: number) => ClientFilter;
interface MessageView {
  readonly topic: string;
  readonly properties?: Map<string, string>;
}
interface ConsumerOptions {
  readonly consumerGroup: string;
  readonly subscriptions: Map<string, string | ClientFilter>;
  readonly messageListener?: { consume(message: MessageView): unknown };
}
export interface ClientConsumer {
  readonly endpoints: { readonly facade: string };
}

interface SimpleConsumer {
  ack(message: MessageView): Promise<void>;
}

interface ConsumerState {
  readonly plan: ConsumerPlan;
  /** Those of the construction; later ones are prepared as they come. */
  readonly subscriptions: readonly Subscription[];
  isShutDown: boolean;
}

/** What was made of a consumer. A consumer that is not in here was left alone. */
const states = new WeakMap<object, ConsumerState>();

/** What was made of `consumer`; undefined for one that was left alone. */
export function planOf(consumer: object): ConsumerPlan | undefined {
  return states.get(consumer)?.plan;
}

/** The consumer class with its construction changed: the canary's group, the environment's filter, the message's scope. */
function consumerClass(Original: Exports, agent: Agent, copy: LibraryCopy): Exports {
  return wrapClass(Original, (args, newTarget, make) => {
    const change = agent.guard('the construction of a consumer', undefined, () =>
      planConsumer(args[0] as ConsumerOptions, newTarget, agent, copy),
    );
    const consumer = make(change === undefined ? args : [change.options, ...args.slice(1)]);
    if (change !== undefined) states.set(consumer, change.state);
    else if (!isLeftAlone(newTarget)) agent.messages.sayUnplanned(String(consumer.consumerGroup));
    return consumer;
  });
}

function planConsumer(options: ConsumerOptions, newTarget: object, agent: Agent, copy: LibraryCopy) {
  if (isLeftAlone(newTarget)) return undefined;
  // What the client itself refuses, it refuses with its own words. Like the client, anything with entries is a Map.
  if (!options?.consumerGroup || typeof options.subscriptions?.entries !== 'function') return undefined;
  const { messageListener } = options;
  if (messageListener === undefined) agent.context.enableFlows();

  const plan = agent.messages.plan(String(options.consumerGroup), CLIENT);
  const entries = [...options.subscriptions.entries()];
  const asked = entries.flatMap(([topic, filter]) => subscription(topic, filter));
  agent.messages.announce(plan, asked);
  const changes = {
    consumerGroup: plan.group,
    subscriptions: new Map(entries.map(([topic, filter]) => [topic, planFilter(topic, filter, plan, copy)])),
    ...(messageListener && { messageListener: scopedListener(messageListener, plan, agent, copy) }),
  };
  const state: ConsumerState = { plan, subscriptions: asked, isShutDown: false };
  return { options: overlay(options, changes), state };
}

/** Prototypes of consumer classes that are built upon the ones changed here and are left as they are. */
const leftAlone = new WeakSet<object>();

function isLeftAlone(newTarget: object): boolean {
  let prototype = (newTarget as { prototype: object | null }).prototype;
  while (prototype !== null && !leftAlone.has(prototype)) prototype = Object.getPrototypeOf(prototype) as object | null;
  return prototype !== null;
}

/** How a message is seen: its tag, and whether it takes it. */
interface SeenMessage {
  readonly tag: string | undefined;
  readonly isTaken: boolean;
}

/** Reads a message for a consumer with `plan`. Never throws: what cannot be read is untagged, and taken. */
function seeMessage(message: MessageView, plan: ConsumerPlan | undefined, agent: Agent): SeenMessage {
  return agent.guard('reading the tag of a message', { tag: undefined, isTaken: true }, () => {
    const tag = extractTag(message.properties, agent.settings.key);
    // A second delivery is no proof that the group took the message: it may have been skipped, and not acknowledged.
    return { tag, isTaken: plan?.side !== 'client' || plan.takes({ topic: message.topic, tag, isRetry: false }) };
  });
}

function scopedListener(
  listener: NonNullable<ConsumerOptions['messageListener']>,
  plan: ConsumerPlan,
  agent: Agent,
  copy: LibraryCopy,
) {
  // Looked up with the first message that is skipped, not with each.
  let success: unknown;
  return {
    consume(message: MessageView): unknown {
      const { tag, isTaken } = seeMessage(message, plan, agent);
      if (!isTaken) {
        success ??= copy.require('dist/consumer/ConsumeResult.js').ConsumeResult.SUCCESS;
        return success;
      }
      return agent.context.run(tag, () => listener.consume(message));
    },
  };
}

/** What the application asks for; empty for what is no filter, which the client refuses with its own words. */
function subscription(topic: string, filter: string | ClientFilter): Subscription[] {
  if (typeof filter === 'string') return [{ topic, filter: { type: 'TAG', expression: filter } }];
  if (typeof filter?.expression !== 'string') return [];
  return [{ topic, filter: { type: filter.filterType === SQL ? 'SQL92' : 'TAG', expression: filter.expression } }];
}

/**
 * A filter of the client's class that always says what the plan says: it is read with each request to receive, so that
 * it can change while the consumer runs.
 */
function planFilter(
  topic: string,
  filter: string | ClientFilter,
  plan: ConsumerPlan,
  copy: LibraryCopy,
): string | ClientFilter {
  const asked = subscription(topic, filter)[0]?.filter;
  if (asked === undefined || !plan.isFiltered) return filter;
  const FilterExpression = copy.require('dist/consumer/FilterExpression.js').FilterExpression as ClientFilterClass;
  const current = () => plan.filter(asked, topic);
  return Object.create(FilterExpression.prototype, {
    expression: { enumerable: true, get: () => current().expression },
    filterType: { enumerable: true, get: () => (current().type === 'SQL92' ? SQL : TAG) },
  }) as ClientFilter;
}

/** The methods that both kinds of consumer have. */
function patchConsumer({ prototype }: Exports, agent: Agent, copy: LibraryCopy): void {
  const prepare = (consumer: ClientConsumer, subscriptions: readonly Subscription[] | undefined): Promise<void> => {
    const plan = planOf(consumer);
    if (plan === undefined || subscriptions === undefined) return Promise.resolve();
    return agent.messages.prepare(plan, subscriptions, { endpoint: consumer.endpoints.facade });
  };

  wrapMethod<AnyFunction>(prototype, 'startup', original => {
    return async function startup(this: ClientConsumer, ...args: unknown[]) {
      const state = states.get(this);
      await prepare(this, state?.subscriptions);
      // Shut down meanwhile: it must not come to life in its group after that.
      return state?.isShutDown ? undefined : original.apply(this, args);
    };
  });

  wrapMethod<AnyFunction>(prototype, 'shutdown', original => {
    return async function shutdown(this: ClientConsumer, ...args: unknown[]) {
      const state = states.get(this);
      if (state !== undefined) state.isShutDown = true;
      return original.apply(this, args);
    };
  });

  wrapMethod<AnyFunction>(prototype, 'subscribe', original => {
    return async function subscribe(
      this: ClientConsumer,
      topic: string,
      filter: string | ClientFilter,
      ...rest: unknown[]
    ) {
      const plan = planOf(this);
      if (plan === undefined) return original.call(this, topic, filter, ...rest);
      const asked = agent.guard('a subscription', [], () => subscription(topic, filter));
      const planned = agent.guard('a subscription', filter, () => {
        agent.messages.announce(plan, asked);
        return planFilter(topic, filter, plan, copy);
      });
      await prepare(this, asked);
      return original.call(this, topic, planned, ...rest);
    };
  });
}

/** Errors of receiving, some of which mean something to the policy. */
export const patchReceiving: Patch = ({ Consumer }, agent) =>
  wrapMethod(Consumer.prototype, 'receiveMessage', original => {
    return async function receiveMessage(this: ClientConsumer, ...args: unknown[]) {
      try {
        return await original.apply(this, args);
      } catch (error) {
        const plan = planOf(this);
        if (plan) agent.guard('explaining an error', undefined, () => void agent.messages.onError(plan, error));
        throw error;
      }
    };
  });

export const patchPushConsumer: Patch = (exports, agent, copy) => {
  patchConsumer(exports.PushConsumer, agent, copy);
  exports.PushConsumer = consumerClass(exports.PushConsumer, agent, copy);
};

export const patchSimpleConsumer: Patch = (exports, agent, copy) => {
  const { prototype } = exports.SimpleConsumer;
  patchConsumer(exports.SimpleConsumer, agent, copy);
  wrapMethod(prototype, 'receive', original => {
    return async function receive(this: SimpleConsumer, ...args: unknown[]) {
      agent.guard('ending the work for a message', undefined, () => endOfTaken(this, agent.context));
      const messages = (await original.apply(this, args)) as MessageView[];
      const plan = planOf(this);
      const skip = (message: MessageView) => {
        // One that is not acknowledged comes again, and is skipped again.
        this.ack(message).catch(error => agent.log.debug(`a skipped message was not acknowledged: ${error}`));
      };
      const taken =
        plan?.side === 'client'
          ? messages.filter(message => seeMessage(message, plan, agent).isTaken || skip(message))
          : messages;
      return agent.guard('following received messages', taken, () =>
        messageBatch(taken, {
          tagOf: message => seeMessage(message, plan, agent).tag,
          source: this,
          context: agent.context,
        }),
      );
    };
  });
  exports.SimpleConsumer = consumerClass(exports.SimpleConsumer, agent, copy);
};

export const patchLitePushConsumer: Patch = (exports, agent) => {
  leftAlone.add(exports.LitePushConsumerImpl.prototype);
  exports.LitePushConsumerImpl = wrapClass(exports.LitePushConsumerImpl, (args, _newTarget, make) => {
    agent.log.warnOnce(
      'LitePushConsumer',
      'LitePushConsumer of rocketmq-client-nodejs is left alone: its group is not renamed and it takes the messages of every environment',
    );
    return make(args);
  });
};
