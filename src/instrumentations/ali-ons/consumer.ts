/** Push consumers of ali-ons and its fork: their group, their filter, and the handler of their messages. */
import type { Agent } from '../../agent';
import type { Exports, Patch } from '../../loader/instrumentation';
import { type AnyFunction, wrapGetter, wrapMethod } from '../../loader/wrap';
import type { ClientConnection, ClientKind } from '../../rocketmq/consumer/client';
import type { ConsumerPlan } from '../../rocketmq/consumer-plan';
import type { StandInMaker } from '../../rocketmq/hand-over/stand-in';
import type { Beginning, Subscription } from '../../rocketmq/plan/subscription';
import { coalesced } from './coalesced';
import { type Departure, departure, type Leaver, type MessageQueue, type PulledQueue } from './departure';
import { type Handler, type Handling, isHandler, scopedHandler } from './handler';
import { type HandlerGate, handlerGate } from './handler-gate';
import { isGeneratorFunction, RETRY_TOPIC, settleFor } from './message';
import { keepOffsetsOfOwn } from './offsets';
import { standInMaker } from './stand-in';
import { filterOf, liveSubscription, type UserExpression } from './subscription';

/** The parts of the client's objects that are used here. */
export interface MQPushConsumer {
  readonly consumerGroup: string;
  readonly parallelConsumeLimit?: number;
  readonly options: {
    readonly isBroadcast?: boolean;
    readonly consumeFromWhere?: string;
    /** `yyyyMMddHHmmss`, local time. */
    readonly consumeTimestamp?: string;
    readonly nameSrv?: string | readonly string[];
    readonly onsAddr?: string;
    readonly accessKey?: string;
    readonly secretKey?: string;
    readonly accessKeyId?: string;
    readonly accessKeySecret?: string;
    readonly securityToken?: string;
  };
  readonly _inited: boolean;
  readonly _isClosed: boolean;
  readonly _offsetStore: object;
  readonly _mqClient: {
    ready(): PromiseLike<void>;
    sendHeartbeatToAllBroker(): unknown;
    readonly _namesrvAddrList?: readonly string[];
  };
  readonly _topicSubscribeInfoTable: ReadonlyMap<string, readonly unknown[]>;
  formatTopic?(topic: string): string;
  emit(event: string, ...args: unknown[]): boolean;
}

/** What the application gave for a topic. */
export interface Given {
  readonly user: UserExpression;
  readonly handler: Handler;
}

export interface ConsumerState {
  readonly plan: ConsumerPlan;
  readonly subscriptions: Map<string, Subscription>;
  readonly given: Map<string, Given>;
  readonly handling: Handling;
  /** What lets in the handlers of a topic, by the topic that their messages come from: the same for its stand-ins. */
  readonly gates: Map<string, HandlerGate>;
  /** Of members of a canary's group: how they leave it. */
  readonly departure?: Departure | undefined;
  /** Topics whose preparation is under way or done. */
  readonly prepared: Map<string, Promise<void>>;
  /** Set for a stand-in, which is no consumer of the application: before and after the queues of a topic are shared out. */
  readonly standIn?: { beforeRebalance(): Promise<void>; onRebalanced(topic: string): void };
  standIns?: StandInMaker;
  closing?: Promise<void>;
}

export const patchConsumer =
  (name: string): Patch =>
  (MQPushConsumer: Exports, agent, copy) => {
    const { prototype } = MQPushConsumer;
    const usesGenerators = isGeneratorFunction(prototype.init);
    const client: ClientKind = {
      name: `${name} ${copy.version}`,
      knowsSql92: takesSql92(prototype.buildSubscriptionData as AnyFunction),
      sharesQueues: false,
    };
    const settle = settleFor(copy);
    const states = new WeakMap<object, ConsumerState>();

    const departureOf = (plan: ConsumerPlan, gates: Map<string, HandlerGate>) =>
      departure(plan, gates, !usesGenerators, settle, {
        debug: error => agent.log.debug(`${plan.group} is left, with a problem: ${String(error)}`),
        givenBack: count => agent.counts.givenBack(plan, count),
      });
    const stateOf = (consumer: MQPushConsumer, group: string): ConsumerState => {
      let state = states.get(consumer);
      if (state === undefined) {
        const plan = agent.messages.plan(group, client, beginningOf(consumer.options));
        const gates = new Map<string, HandlerGate>();
        // Broadcasts have no offsets that could be handed over.
        const isBroadcast = consumer.options.isBroadcast === true;
        const leaving = plan.tag === undefined || isBroadcast ? undefined : departureOf(plan, gates);
        const gate = (source: string) => {
          const found = gates.get(source) ?? handlerGate(consumer.parallelConsumeLimit ?? 1);
          gates.set(source, found);
          return found;
        };
        state = {
          plan,
          subscriptions: new Map(),
          given: new Map(),
          handling: { plan, gate, ...leaving?.handlers },
          gates,
          departure: leaving,
          prepared: new Map(),
        };
        states.set(consumer, state);
        if (plan.tag === undefined && !isBroadcast) state.standIns = standIns(consumer, state);
        tellBrokersOfChanges(consumer, plan);
      }
      return state;
    };
    wrapGetter<string>(
      prototype,
      'consumerGroup',
      (consumer, group) => stateOf(consumer as MQPushConsumer, group).plan.group,
    );
    const known = (consumer: MQPushConsumer) => {
      void consumer.consumerGroup;
      return states.get(consumer) as ConsumerState;
    };

    /** Filters change while a consumer runs, and the next heartbeat of its own may be half a minute away. */
    const tellBrokersOfChanges = (consumer: MQPushConsumer, plan: ConsumerPlan) => {
      const tell = coalesced(
        async () => {
          if (consumer._inited && !consumer._isClosed) await settle(consumer._mqClient.sendHeartbeatToAllBroker());
        },
        error => agent.log.debug(`a heartbeat with the filter of ${plan.group} failed: ${String(error)}`),
      );
      plan.onChange(tell);
    };

    const { standIns } = standInMaker({
      MQPushConsumer,
      agent,
      settle,
      departureOf,
      join(consumer, state) {
        if (states.has(consumer)) return;
        states.set(consumer, state);
        tellBrokersOfChanges(consumer as MQPushConsumer, state.plan);
      },
    });

    wrapMethod<AnyFunction>(prototype, 'buildSubscriptionData', original => {
      return function buildSubscriptionData(this: MQPushConsumer, group: string, topic: string, user: UserExpression) {
        const asWritten = original.call(this, group, topic, user);
        const { plan, subscriptions, standIn } = known(this);
        if (topic.startsWith(RETRY_TOPIC)) return asWritten;
        return agent.guard('a subscription', asWritten, () => {
          const filter = filterOf(user);
          subscriptions.set(topic, { topic, filter });
          if (standIn === undefined) agent.messages.announce(plan, [{ topic, filter }]);
          if (!plan.isFiltered || !client.knowsSql92) return asWritten;
          return liveSubscription(
            asWritten,
            filter,
            () => plan.filter(filter, topic),
            ({ expression: subString, type: expressionType }) =>
              original.call(this, group, topic, { subString, expressionType }),
          );
        });
      };
    });

    wrapMethod<AnyFunction>(prototype, 'subscribe', original => {
      return function subscribe(this: MQPushConsumer, ...args: unknown[]) {
        const { given, handling } = known(this);
        const [topic] = args;
        const at = args.length === 2 ? 1 : 2;
        const handler = args[at];
        // What is no handler to the client, it refuses with its own words; it handles the retry topic itself.
        if (typeof topic !== 'string' || topic.startsWith(RETRY_TOPIC) || !isHandler(handler)) {
          return original.apply(this, args);
        }
        const user = at === 2 ? (args[1] as UserExpression) : undefined;
        const scoped = scopedHandler(handler, filterOf(user), handling, agent, settle);
        const result = original.apply(this, [...args.slice(0, at), scoped, ...args.slice(at + 1)]);
        given.set(this.formatTopic?.(topic) ?? topic, { user, handler });
        return result;
      };
    });

    const prepare = (consumer: MQPushConsumer, topics: readonly string[]): Promise<void> => {
      return prepareTopics(consumer, known(consumer), topics, agent);
    };
    const left = (consumer: MQPushConsumer) => agent.messages.left(known(consumer).plan);

    wrapMethod<AnyFunction>(prototype, 'init', original => {
      const isStandIn = (consumer: MQPushConsumer) => known(consumer).standIn !== undefined;
      const before = async (consumer: MQPushConsumer) => {
        const { plan, subscriptions } = known(consumer);
        if (plan.tag !== undefined) keepOffsetsOfOwn(consumer._offsetStore, usesGenerators);
        if (!isStandIn(consumer)) await prepare(consumer, [...subscriptions.keys()]);
      };
      const failed = async (consumer: MQPushConsumer, error: unknown) => {
        if (!isStandIn(consumer)) await left(consumer);
        throw error;
      };
      return usesGenerators
        ? function* init(this: MQPushConsumer): Generator<unknown, unknown, unknown> {
            yield before(this);
            try {
              // Closed meanwhile: it must not join its group after that.
              return this._isClosed ? undefined : yield* original.call(this);
            } catch (error) {
              return yield failed(this, error);
            }
          }
        : async function init(this: MQPushConsumer) {
            await before(this);
            try {
              return this._isClosed ? undefined : await original.call(this);
            } catch (error) {
              return failed(this, error);
            }
          };
    });

    wrapMethod<AnyFunction>(prototype, 'close', original => {
      return function close(this: MQPushConsumer, ...args: unknown[]) {
        const state = known(this);
        const { plan, standIn } = state;
        const close = () => original.apply(this, args) as Promise<void>;
        // Only the first call is the end of it; the client takes others too.
        if (standIn !== undefined || state.closing !== undefined) return close();
        state.closing = (async () => {
          const standInsEnded = agent.messages.leaving(plan);
          try {
            if (this._inited) await state.departure?.leave(this as unknown as Leaver);
            return await close();
          } finally {
            await standInsEnded;
            await left(this);
          }
        })();
        return state.closing;
      };
    });

    wrapMethod<AnyFunction>(prototype, 'rebalanceByTopic', original => {
      const before = async (consumer: MQPushConsumer, topic: string) => {
        const { standIn } = known(consumer);
        await (standIn === undefined ? prepare(consumer, [topic]) : standIn.beforeRebalance());
      };
      const after = (consumer: MQPushConsumer, topic: string) => {
        if (consumer._topicSubscribeInfoTable.get(topic)?.length) known(consumer).standIn?.onRebalanced(topic);
      };
      return usesGenerators
        ? function* rebalanceByTopic(this: MQPushConsumer, topic: string) {
            yield before(this, topic);
            const result: unknown = yield* original.call(this, topic);
            after(this, topic);
            return result;
          }
        : async function rebalanceByTopic(this: MQPushConsumer, topic: string) {
            await before(this, topic);
            const result: unknown = await original.call(this, topic);
            after(this, topic);
            return result;
          };
    });

    wrapMethod<AnyFunction>(prototype, 'pullMessageQueue', original => {
      return function pullMessageQueue(this: MQPushConsumer, ...args: unknown[]) {
        return known(this).departure?.hasBegun ? undefined : original.apply(this, args);
      };
    });

    wrapMethod<AnyFunction>(prototype, 'removeProcessQueue', original => {
      const removeProcessQueue = function (this: MQPushConsumer & Leaver, queue: MessageQueue) {
        // A rebalance gave it to another member, which gets what has not begun here.
        known(this).departure?.giveUp(this, this._processQueueTable.get(queue.key));
        return original.call(this, queue);
      };
      return removeProcessQueue;
    });

    wrapMethod<AnyFunction>(prototype, 'correctTagsOffset', original => {
      return function correctTagsOffset(this: MQPushConsumer, request: PulledQueue) {
        const { plan, departure } = known(this);
        if (departure?.isGivenUp(request.processQueue)) return undefined;
        // 2.0.4: a pull that brings nothing moves the offset over what earlier ones brought and nobody has handled yet.
        // 3.x asks as this does.
        if (plan.isFiltered && request.processQueue.msgList.length > 0) return undefined;
        return original.call(this, request);
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

/** `computePullFromWhere` of the client: all of its names but these two mean the end. */
function beginningOf({ consumeFromWhere, consumeTimestamp }: MQPushConsumer['options']): Beginning | undefined {
  if (consumeFromWhere === 'CONSUME_FROM_FIRST_OFFSET') return 'first';
  if (consumeFromWhere !== 'CONSUME_FROM_TIMESTAMP') return undefined;
  const [year, month, day, ...time] = (/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(String(consumeTimestamp)) ?? [])
    .slice(1)
    .map(Number);
  // What the client makes of another text is its own affair: too many rather than too few.
  if (year === undefined || month === undefined) return 'first';
  return { since: new Date(year, month - 1, day, ...time).getTime() };
}

/** Whether the client makes subscriptions with SQL92 expressions: 3.12.0 does, 3.7.0 and older take text alone. */
function takesSql92(buildSubscriptionData: AnyFunction): boolean {
  try {
    const sql92 = { expressionType: 'SQL92', subString: 'a = 1' };
    return buildSubscriptionData.call({}, 'group', 'topic', sql92).expressionType === 'SQL92';
  } catch {
    return false;
  }
}

async function prepareTopics(
  consumer: MQPushConsumer,
  state: ConsumerState,
  topics: readonly string[],
  agent: Agent,
): Promise<void> {
  const { plan, subscriptions, prepared, standIns } = state;
  if (!plan.isFiltered) return;
  const missing = topics.flatMap(topic => (prepared.has(topic) ? [] : (subscriptions.get(topic) ?? [])));
  const work = () =>
    connectionOf(consumer).then(connection => {
      // Closed while its name servers were looked up: it would take its place again.
      return state.closing ? undefined : agent.messages.prepare(plan, missing, connection, standIns);
    });
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
