/**
 * ali-ons 2.x and 3.x, and the fork rocketmq 2.x of the former: clients of the remoting protocol, RocketMQ 4.5 and later.
 *
 * Hooks, ali-ons 3.12.0, 2.0.4, rocketmq 2.0.1 (the 2.x are written with generators): of `MQPushConsumer.prototype` the
 * getter `consumerGroup` (everything asks it for the group: registration, heartbeats, offsets, retries),
 * `buildSubscriptionData` (the filter of heartbeats and pulls), `subscribe` (the handler), `init` and `rebalanceByTopic`
 * (before anything is registered, before a topic's queues are pulled) and `executePullRequestImmediately` (errors); of
 * `MQProducer.prototype` `sendKernelImpl` (each attempt to send).
 */
import type { Agent } from '../agent';
import type { Exports, Instrumentation, LibraryCopy, Patch } from '../loader/instrumentation';
import { type AnyFunction, wrapGetter, wrapMethod } from '../loader/wrap';
import { extractTag, injectTag } from '../propagation/message-properties';
import type { ConsumerPlan } from '../rocketmq/consumer-plan';
import { type FilterExpression, tagsOf } from '../rocketmq/filter-expression';
import type { ClientConnection, ClientKind, Subscription } from '../rocketmq/message-policy';

/** `MixAll.RETRY_GROUP_TOPIC_PREFIX` */
const RETRY_TOPIC = '%RETRY%';

/** The parts of the client's objects that are used here. */
interface Message {
  readonly topic: string;
  readonly tags?: string;
  readonly reconsumeTimes: number;
  readonly properties: Record<string, string>;
}
interface MQPushConsumer {
  readonly consumerGroup: string;
  readonly options: {
    readonly nameSrv?: string | readonly string[];
    readonly onsAddr?: string;
    readonly accessKey?: string;
    readonly secretKey?: string;
    readonly accessKeyId?: string;
    readonly accessKeySecret?: string;
    readonly securityToken?: string;
  };
  readonly _mqClient: { ready(): PromiseLike<void>; readonly _namesrvAddrList?: readonly string[] };
  formatTopic?(topic: string): string;
}
type UserExpression = string | null | undefined | { readonly expressionType?: string; readonly subString: string };
type Handler = (message: Message, ...rest: unknown[]) => unknown;

interface ConsumerState {
  readonly plan: ConsumerPlan;
  readonly subscriptions: Map<string, Subscription>;
  /** Topics whose preparation is under way or done. */
  readonly prepared: Map<string, Promise<void>>;
}

const patchProducer: Patch = (MQProducer: Exports, agent) =>
  wrapMethod<AnyFunction>(MQProducer.prototype, 'sendKernelImpl', original => {
    const isGenerator = isGeneratorFunction(original);
    const tagged = (message: Message): Message => {
      const outgoing = agent.context.outgoingMessageTag();
      const isRetry = message.topic.startsWith(RETRY_TOPIC);
      // What a consumer sends back keeps the tag it came with.
      if (isRetry || (outgoing.tag === undefined && !outgoing.remove)) return message;
      const copy = Object.assign(Object.create(Object.getPrototypeOf(message) as object), message) as Message & {
        properties: Record<string, string>;
      };
      copy.properties = { ...message.properties };
      injectTag(recordCarrier(copy.properties), agent.settings.key, outgoing);
      return copy;
    };
    const change = (message: Message) => agent.guard('writing the tag of a message', message, () => tagged(message));
    return isGenerator
      ? function* sendKernelImpl(
          this: unknown,
          message: Message,
          ...rest: unknown[]
        ): Generator<unknown, unknown, unknown> {
          return yield* original.call(this, change(message), ...rest);
        }
      : function sendKernelImpl(this: unknown, message: Message, ...rest: unknown[]) {
          return original.call(this, change(message), ...rest);
        };
  });

const patchConsumer =
  (name: string): Patch =>
  (MQPushConsumer: Exports, agent, copy) => {
    const { prototype } = MQPushConsumer;
    // With generators came the versions that know no SQL92.
    const usesGenerators = isGeneratorFunction(prototype.init);
    const client: ClientKind = { name: `${name} ${copy.version}`, knowsSql92: !usesGenerators };
    const states = new WeakMap<object, ConsumerState>();

    const stateOf = (consumer: object, group: string): ConsumerState => {
      let state = states.get(consumer);
      if (state === undefined) {
        state = { plan: agent.messages.plan(group, client), subscriptions: new Map(), prepared: new Map() };
        states.set(consumer, state);
      }
      return state;
    };
    wrapGetter<string>(prototype, 'consumerGroup', (consumer, group) => stateOf(consumer, group).plan.group);
    const known = (consumer: MQPushConsumer) => {
      void consumer.consumerGroup;
      return states.get(consumer) as ConsumerState;
    };

    wrapMethod<AnyFunction>(prototype, 'buildSubscriptionData', original => {
      return function buildSubscriptionData(this: MQPushConsumer, group: string, topic: string, user: UserExpression) {
        const asWritten = original.call(this, group, topic, user);
        const { plan, subscriptions } = known(this);
        if (!plan.isFiltered || topic.startsWith(RETRY_TOPIC)) return asWritten;
        return agent.guard('a subscription', asWritten, () => {
          const filter = filterOf(user);
          subscriptions.set(topic, { topic, filter });
          agent.messages.announce(plan, [{ topic, filter }]);
          if (!client.knowsSql92) return asWritten;
          const { expression: subString, type: expressionType } = plan.filter(filter);
          const composed = original.call(this, group, topic, { subString, expressionType });
          return switchable(composed, asWritten, () => plan.side === 'client');
        });
      };
    });

    wrapMethod<AnyFunction>(prototype, 'subscribe', original => {
      return function subscribe(this: MQPushConsumer, ...args: unknown[]) {
        const { plan } = known(this);
        const [topic] = args;
        const handler = args.at(-1);
        // What is no handler, the client refuses with its own words; the retry topic is handled by the client itself.
        if (typeof topic !== 'string' || topic.startsWith(RETRY_TOPIC) || typeof handler !== 'function') {
          return original.apply(this, args);
        }
        const filter = filterOf(args.length > 2 ? (args[1] as UserExpression) : undefined);
        const scoped = scopedHandler(handler as Handler, filter, plan, agent, copy);
        return original.apply(this, [...args.slice(0, -1), scoped]);
      };
    });

    const prepare = (consumer: MQPushConsumer, topics: readonly string[]): Promise<void> =>
      prepareTopics(consumer, known(consumer), topics, agent);

    wrapMethod<AnyFunction>(prototype, 'init', original => {
      const all = (consumer: MQPushConsumer) => prepare(consumer, [...known(consumer).subscriptions.keys()]);
      return usesGenerators
        ? function* init(this: MQPushConsumer) {
            yield all(this);
            return yield* original.call(this);
          }
        : async function init(this: MQPushConsumer) {
            await all(this);
            return original.call(this);
          };
    });

    wrapMethod<AnyFunction>(prototype, 'rebalanceByTopic', original => {
      return usesGenerators
        ? function* rebalanceByTopic(this: MQPushConsumer, topic: string) {
            yield prepare(this, [topic]);
            return yield* original.call(this, topic);
          }
        : async function rebalanceByTopic(this: MQPushConsumer, topic: string) {
            await prepare(this, [topic]);
            return original.call(this, topic);
          };
    });

    if (client.knowsSql92) {
      wrapMethod<AnyFunction>(prototype, 'executePullRequestImmediately', original => {
        return async function executePullRequestImmediately(this: MQPushConsumer, ...args: unknown[]) {
          try {
            return await original.apply(this, args);
          } catch (error) {
            const { plan } = known(this);
            const next = agent.guard('explaining an error', 'pass', () => agent.messages.onError(plan, error));
            if (next === 'pass') throw error;
          }
        };
      });
    }
  };

async function prepareTopics(
  consumer: MQPushConsumer,
  { plan, subscriptions, prepared }: ConsumerState,
  topics: readonly string[],
  agent: Agent,
): Promise<void> {
  if (!plan.isFiltered) return;
  const missing = topics.flatMap(topic => (prepared.has(topic) ? [] : (subscriptions.get(topic) ?? [])));
  if (missing.length > 0) {
    const preparation = connectionOf(consumer).then(connection => agent.messages.prepare(plan, missing, connection));
    const settled = preparation.catch(error => agent.guard.report('the preparation of a consumer group', error));
    for (const { topic } of missing) prepared.set(topic, settled);
  }
  await Promise.all(topics.map(topic => prepared.get(topic)));
}

async function connectionOf({ options, _mqClient: client }: MQPushConsumer): Promise<ClientConnection> {
  // Without name servers in its options the client asks an address server for them, when it gets ready.
  if (options.nameSrv === undefined) await client.ready();
  const list = options.nameSrv ?? client._namesrvAddrList ?? [];
  const namesrv = [list].flat().join(';') || undefined;
  const accessKey = options.accessKey ?? options.accessKeyId;
  const secretKey = options.secretKey ?? options.accessKeySecret;
  return {
    endpoint: namesrv ?? String(options.onsAddr),
    namesrv,
    credentials:
      accessKey && secretKey
        ? { accessKey, secretKey, ...(options.securityToken ? { securityToken: options.securityToken } : {}) }
        : undefined,
  };
}

function filterOf(user: UserExpression): FilterExpression {
  if (typeof user === 'object' && user !== null) {
    return { type: user.expressionType === 'SQL92' ? 'SQL92' : 'TAG', expression: String(user.subString) };
  }
  return { type: 'TAG', expression: user ?? '*' };
}

/** Reads as `composed`, and as `asWritten` once `useAsWritten()`: with a version that brokers take for a newer one. */
function switchable<T extends { subVersion: number }>(composed: T, asWritten: T, useAsWritten: () => boolean): T {
  const current = () => (useAsWritten() ? { ...asWritten, subVersion: composed.subVersion + 1 } : composed);
  const properties: PropertyDescriptorMap = {};
  for (const key of Object.keys({ ...asWritten, ...composed })) {
    properties[key] = { enumerable: true, get: () => current()[key as keyof T] };
  }
  return Object.defineProperties({}, properties) as T;
}

/** The application's handler, within the message's tag; messages of other environments are skipped. */
function scopedHandler(
  handler: Handler,
  filter: FilterExpression,
  plan: ConsumerPlan,
  agent: Agent,
  copy: LibraryCopy,
): Handler {
  const tags = filter.type === 'TAG' ? tagsOf(filter.expression) : undefined;
  const see = (message: Message) =>
    agent.guard('reading the tag of a message', { tag: undefined, isTaken: true }, () => {
      const tag = extractTag(recordCarrier(message.properties), agent.settings.key);
      // A broker before 5.x filters a pull for the whole group, with whichever member's filter came last. The client's
      // own check of tags is off while the filter is SQL92.
      const isTaken =
        plan.takes({ tag, isRetry: message.reconsumeTimes > 0 }) &&
        (tags === undefined || !plan.isFiltered || tags.includes(message.tags ?? ''));
      return { tag, isTaken };
    });
  if (isGeneratorFunction(handler)) {
    // The client's own co: what the handler yields is run within the scope as well.
    const co = copy.requireDependency('co') as (generator: unknown) => Promise<unknown>;
    return function* (this: unknown, message: Message, ...rest: unknown[]): Generator<unknown, unknown, unknown> {
      const { tag, isTaken } = see(message);
      return isTaken ? yield agent.context.run(tag, () => co(handler.call(this, message, ...rest))) : undefined;
    };
  }
  return async function (this: unknown, message: Message, ...rest: unknown[]) {
    const { tag, isTaken } = see(message);
    return isTaken ? agent.context.run(tag, () => handler.call(this, message, ...rest)) : undefined;
  };
}

function recordCarrier(properties: Record<string, string>) {
  return {
    get: (key: string) => properties[key],
    set: (key: string, value: string) => {
      properties[key] = value;
    },
    delete: (key: string) => delete properties[key],
  };
}

function isGeneratorFunction(value: unknown): boolean {
  return typeof value === 'function' && value.constructor.name === 'GeneratorFunction';
}

export const aliOns: Instrumentation = instrumentation('ali-ons', '>=2.0.0 <4');
export const rocketmq: Instrumentation = instrumentation('rocketmq', '>=2.0.0 <3');

function instrumentation(module: string, versions: string): Instrumentation {
  return {
    module,
    versions,
    files: {
      'lib/consumer/mq_push_consumer.js': patchConsumer(module),
      'lib/producer/mq_producer.js': patchProducer,
    },
  };
}
