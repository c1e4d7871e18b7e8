/** What is used here of the push consumers of ali-ons and its fork, and what is read from their options. */

import type { Exports } from '../../agent/instrumentation';
import type { AnyFunction } from '../../foreign-objects/wrap';
import type { ClientConnection } from '../../rocketmq/consumer/client';
import type { Beginning } from '../../rocketmq/plan/subscription';

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

/** The prototype of the consumers, whose methods are changed. */
export type ConsumerPrototype = Exports;

/** `computePullFromWhere` of the client: all of its names but these two mean the end. */
export function beginningOf({ consumeFromWhere, consumeTimestamp }: MQPushConsumer['options']): Beginning | undefined {
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
export function takesSql92(buildSubscriptionData: AnyFunction): boolean {
  try {
    const sql92 = { expressionType: 'SQL92', subString: 'a = 1' };
    return buildSubscriptionData.call({}, 'group', 'topic', sql92).expressionType === 'SQL92';
  } catch {
    return false;
  }
}

/** Rejects with what the client rejects with. */
export async function connectionOf({ options, _mqClient: client }: MQPushConsumer): Promise<ClientConnection> {
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
