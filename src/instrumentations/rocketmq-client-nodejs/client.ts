/** What is used here of the objects of rocketmq-client-nodejs 1.x, and its filters. */
import type { Exports, LibraryCopy } from '../../agent/instrumentation';
import type { Credentials } from '../../names/credentials';
import type { Intake } from '../../rocketmq/hand-over/intake';
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import type { Subscription } from '../../rocketmq/plan/subscription';

/** `FilterType` of proto/apache/rocketmq/v2/definition.proto. */
const TAG = 1;
const SQL = 2;

export interface ClientFilter {
  readonly expression: string;
  readonly filterType: number;
}

export interface MessageView {
  readonly topic: string;
  readonly messageId: string;
  /** `TAGS`. */
  readonly tag?: string | undefined;
  readonly properties?: Map<string, string>;
  readonly endpoints: object;
  readonly receiptHandle: string;
  readonly deliveryAttempt?: number;
  readonly body?: { readonly length: number };
  readonly corrupted?: boolean;
}

export interface MessageListener {
  consume(message: MessageView): unknown;
}

export interface ConsumerOptions {
  readonly consumerGroup: string;
  readonly subscriptions: Map<string, string | ClientFilter>;
  readonly messageListener?: MessageListener;
  readonly maxCacheMessageCount?: number;
  readonly maxCacheMessageSizeInBytes?: number;
  readonly sessionCredentials?: {
    readonly accessKey: string;
    readonly accessSecret: string;
    readonly securityToken?: string;
  };
}

/** An answer of the proxy. */
interface Response {
  getStatus(): { toObject(): { readonly code: number } } | undefined;
}

type Call = (endpoints: object, request: object, timeout: number) => Promise<Response>;

export interface ClientConsumer {
  clientId: string;
  readonly endpoints: { readonly facade: string };
  readonly consumerGroup: string;
  /** Milliseconds. */
  readonly requestTimeout: number;
  rpcClientManager: { changeInvisibleDuration: Call; notifyClientTermination: Call; close(): void };
  startup(): Promise<void>;
  shutdown(): Promise<void>;
  subscribe(topic: string, filter: ClientFilter): Promise<void>;
  unsubscribe(topic: string): void;
  onSettingsCommand(endpoints: object, settings: Exports): void;
  createTelemetryStream(endpoints: object): TelemetryStream;
}

/** As far as the client uses it. */
export interface TelemetryStream {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  once(event: string, listener: (...args: unknown[]) => void): unknown;
  removeAllListeners(event?: string): unknown;
  write(command: unknown): unknown;
  end(): unknown;
}

export interface SimpleConsumer extends ClientConsumer {
  receive(max?: number, invisibleDuration?: number): Promise<MessageView[]>;
  ack(message: MessageView): Promise<void>;
  changeInvisibleDuration(message: MessageView, invisibleDuration: number): Promise<void>;
}

export interface PushConsumer extends ClientConsumer {
  rpcClientManager: ClientConsumer['rpcClientManager'] & {
    queryAssignment(endpoints: object, request: object, timeout: number): Promise<unknown>;
  };
  receiveMessage(...args: unknown[]): Promise<MessageView[]>;
  wrapAckMessageRequest(message: MessageView): object;
  ackMessageViaRpc: Call;
  getQueueSize(): number;
  getPushConsumerSettings(): { isFifo(): boolean };
}

/** What the application asks for; empty for what is no filter, which the client refuses with its own words. */
export function subscription(topic: string, filter: string | ClientFilter): Subscription[] {
  if (typeof filter === 'string') return [{ topic, filter: { type: 'TAG', expression: filter } }];
  if (typeof filter?.expression !== 'string') return [];
  return [{ topic, filter: { type: filter.filterType === SQL ? 'SQL92' : 'TAG', expression: filter.expression } }];
}

/**
 * A filter of the client's class that always says what the intake says: it is read with each request to receive, so that
 * it can change while the consumer runs.
 */
export function liveFilter({ topic, filter }: Subscription, intake: Intake, copy: LibraryCopy): ClientFilter {
  const { FilterExpression } = copy.require('dist/consumer/FilterExpression.js');
  const current = (): FilterExpression => intake.filter(filter, topic);
  return Object.create(FilterExpression.prototype, {
    expression: { enumerable: true, get: () => current().expression },
    filterType: { enumerable: true, get: () => (current().type === 'SQL92' ? SQL : TAG) },
  }) as ClientFilter;
}

/** What the agent's own commands are signed with: the application's. */
export function credentialsOf({ sessionCredentials: given }: ConsumerOptions): Credentials | undefined {
  if (!given?.accessKey || !given.accessSecret) return undefined;
  const { accessKey, accessSecret: secretKey, securityToken } = given;
  return { accessKey, secretKey, ...(securityToken ? { securityToken } : {}) };
}
