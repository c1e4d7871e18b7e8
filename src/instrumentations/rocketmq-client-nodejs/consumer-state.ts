/** What was made of the consumers of rocketmq-client-nodejs. */
import type { Session } from '../../rocketmq/consumer/session';
import type { Intake } from '../../rocketmq/hand-over/intake';
import type { StandInMaker } from '../../rocketmq/hand-over/stand-in';
import type { PullFamily } from '../../rocketmq/pull/pull-family';
import type { ConsumerOptions, MessageView } from './client';

/** Of a consumer of the application. */
export interface ConsumerState {
  readonly session: Session;
  /** The application's options. */
  readonly options: ConsumerOptions;
  /** Topics that it no longer subscribes to, and that its client goes on polling. */
  readonly stillPolled: Set<string>;
  /** How stand-ins are made beside it; absent: it has none. Asked when it starts: its own constructor has run by then. */
  standIns?: () => StandInMaker | undefined;
  /** Messages of a pull consumer and its stand-ins. */
  family?: PullFamily<MessageView>;
  /** Awaited before the client shuts down. Never rejects. */
  beforeShutdown?: () => Promise<void>;
}

const states = new WeakMap<object, ConsumerState>();
const standIns = new WeakMap<object, Intake>();

/** Undefined for a consumer that was left alone, and for a stand-in. */
export function stateOf(consumer: object): ConsumerState | undefined {
  return states.get(consumer);
}

/** What a consumer takes, be it the application's or a stand-in; undefined for one that was left alone. */
export function intakeOf(consumer: object): Intake | undefined {
  return states.get(consumer)?.session.intake ?? standIns.get(consumer);
}

export function noteConsumer(consumer: object, state: ConsumerState): void {
  states.set(consumer, state);
}

export function noteStandIn(consumer: object, intake: Intake): void {
  standIns.set(consumer, intake);
}
