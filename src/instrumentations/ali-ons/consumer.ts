/** Push consumers of ali-ons and its fork: their group, their filter, and the handler of their messages. */
import type { Agent } from '../../agent';
import type { Exports, LibraryCopy, Patch } from '../../loader/instrumentation';
import { type AnyFunction, wrapGetter, wrapMethod } from '../../loader/wrap';
import { extractTag, recordCarrier } from '../../propagation/message-properties';
import type { ConsumerPlan } from '../../rocketmq/consumer-plan';
import { type FilterExpression, tagsOf } from '../../rocketmq/filter-expression';
import type { ClientConnection, ClientKind, Subscription } from '../../rocketmq/message-policy';
import { isGeneratorFunction, type Message, RETRY_TOPIC } from './message';

/** The parts of the client's objects that are used here. */
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
  readonly _isClosed: boolean;
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

export const patchConsumer =
  (name: string): Patch =>
  (MQPushConsumer: Exports, agent, copy) => {
    const { prototype } = MQPushConsumer;
    // With generators came the versions that know no SQL92.
    const usesGenerators = isGeneratorFunction(prototype.init);
    const client: ClientKind = { name: `${name} ${copy.version}`, knowsSql92: !usesGenerators, sharesQueues: false };
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
          const { expression: subString, type: expressionType } = plan.filter(filter, topic);
          const composed = original.call(this, group, topic, { subString, expressionType });
          return switchable(composed, asWritten, () => plan.side === 'client');
        });
      };
    });

    wrapMethod<AnyFunction>(prototype, 'subscribe', original => {
      return function subscribe(this: MQPushConsumer, ...args: unknown[]) {
        const { plan } = known(this);
        const [topic] = args;
        const at = args.length === 2 ? 1 : 2;
        const handler = args[at];
        // What is no handler to the client, it refuses with its own words; it handles the retry topic itself.
        if (typeof topic !== 'string' || topic.startsWith(RETRY_TOPIC) || !isHandler(handler)) {
          return original.apply(this, args);
        }
        const filter = filterOf(at === 2 ? (args[1] as UserExpression) : undefined);
        const scoped = scopedHandler(handler, filter, plan, agent, copy);
        return original.apply(this, [...args.slice(0, at), scoped, ...args.slice(at + 1)]);
      };
    });

    const prepare = (consumer: MQPushConsumer, topics: readonly string[]): Promise<void> =>
      prepareTopics(consumer, known(consumer), topics, agent);

    wrapMethod<AnyFunction>(prototype, 'init', original => {
      const all = (consumer: MQPushConsumer) => prepare(consumer, [...known(consumer).subscriptions.keys()]);
      return usesGenerators
        ? function* init(this: MQPushConsumer) {
            yield all(this);
            return this._isClosed ? undefined : yield* original.call(this);
          }
        : async function init(this: MQPushConsumer) {
            await all(this);
            // Closed meanwhile: it must not join its group after that.
            return this._isClosed ? undefined : original.call(this);
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
          const { plan } = known(this);
          const before = plan.side;
          try {
            return await original.apply(this, args);
          } catch (error) {
            const next = agent.guard('explaining an error', 'pass', () => agent.messages.onError(plan, error));
            // Pulls of other queues were under way when the first of them made the client filter.
            if (next === 'pass' && before === plan.side) throw error;
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
  const work = () => connectionOf(consumer).then(connection => agent.messages.prepare(plan, missing, connection));
  const settled = (preparation: Promise<void>) =>
    preparation.catch(error => agent.guard.report('the preparation of a consumer group', error));
  // Before the consumer registers, the group is there even if nothing is subscribed to yet: a broker that creates groups
  // by itself would give it other settings.
  if (topics.length === 0) return settled(work());
  if (missing.length > 0) {
    const preparation = settled(work());
    for (const { topic } of missing) prepared.set(topic, preparation);
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

/** The two kinds of function that the versions of the client take; each refuses the other's, and plain ones. */
function isHandler(value: unknown): value is Handler {
  return isGeneratorFunction(value) || (typeof value === 'function' && value.constructor.name === 'AsyncFunction');
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
      const isRetry = message.reconsumeTimes > 0;
      // A broker before 5.x filters a pull for the whole group, with whichever member's filter came last. The client's
      // own check of tags is off while the filter is SQL92.
      const isTaken =
        plan.takes({ topic: message.topic, tag, isRetry }) &&
        // The group's own retries come whatever their tags: the client itself does not look at them.
        (tags === undefined || !plan.isFiltered || isRetry || tags.includes(message.tags ?? ''));
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
