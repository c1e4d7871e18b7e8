/** What the hooks know of a consumer: one of the application, or a stand-in beside it. */
import type { Reach } from '../../rocketmq/consumer/duties';
import type { Session } from '../../rocketmq/consumer/session';
import type { Intake } from '../../rocketmq/hand-over/intake';
import type { Turns } from '../../rocketmq/sharing/turns';
import type { Departure } from './departure';
import type { Handler, Handling } from './handler';
import type { Puller } from './pull-limit';
import type { UserExpression } from './subscription';

export interface ConsumerState {
  readonly intake: Intake;
  readonly handling: Handling;
  /** What lets in the handlers of a topic, by the topic that their messages come from: the same for its stand-ins. */
  readonly gates: Map<string, Turns>;
  /** It and all that share its limits: the consumer of the application and its stand-ins. */
  readonly pullers: Set<Puller>;
  /** Of members of a canary's group: how they leave it. */
  readonly departure?: Departure | undefined;
  /** Set for a consumer of the application. */
  readonly own?: OwnState;
  /** Set for a stand-in: before and after the queues of a topic are shared out. */
  readonly standIn?: { beforeRebalance(): Promise<void>; onRebalanced(topic: string): void };
}

export interface OwnState {
  readonly session: Session;
  readonly reach: Reach;
  /** By topic. */
  readonly handlers: Map<string, TopicHandler>;
  isClosing: boolean;
}

/** What the application gave for a topic. */
export interface TopicHandler {
  readonly user: UserExpression;
  readonly handler: Handler;
}

/** The states of consumers, each made when it is first asked for: a client asks before its constructor has ended. */
export interface ConsumerStates {
  of(consumer: object): ConsumerState;
  /** The consumers with this prototype are stand-ins. */
  noteStandIn(prototype: object, state: ConsumerState): void;
}

/** @param make for a consumer of the application */
export function consumerStates(make: (consumer: object) => ConsumerState): ConsumerStates {
  const states = new WeakMap<object, ConsumerState>();
  return {
    of(consumer) {
      const known = states.get(consumer) ?? states.get(Object.getPrototypeOf(consumer) as object);
      if (known !== undefined) return known;
      const made = make(consumer);
      states.set(consumer, made);
      return made;
    },
    noteStandIn: (prototype, state) => void states.set(prototype, state),
  };
}
