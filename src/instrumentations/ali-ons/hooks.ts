/** A copy of the library as the hooks of its consumers use it, and what they make of a consumer of the application. */

import type { Agent } from '../../agent/agent';
import type { Exports, LibraryCopy } from '../../agent/instrumentation';
import type { AnyFunction } from '../../foreign-objects/wrap';
import { groupLines } from '../../lines/groups';
import { handOverLines } from '../../lines/hand-over';
import { messageLines } from '../../lines/messages';
import type { ClientKind } from '../../rocketmq/consumer/client';
import type { Intake } from '../../rocketmq/hand-over/intake';
import { handlerTurns, type Turns } from '../../rocketmq/sharing/turns';
import { beginningOf, connectionOf, type MQPushConsumer, takesSql92 } from './client';
import { coalesced } from './coalesced';
import { type ConsumerState, type ConsumerStates, consumerStates } from './consumer-state';
import { type Departure, departure } from './departure';
import { isGeneratorFunction, type Settle, settleFor } from './message';
import type { Puller } from './pull-limit';
import { standInMaker } from './stand-in';

export interface Hooks {
  readonly agent: Agent;
  readonly client: ClientKind;
  readonly states: ConsumerStates;
  readonly settle: Settle;
  readonly copy: LibraryCopy;
}

export function hooksOf(name: string, MQPushConsumer: Exports, agent: Agent, copy: LibraryCopy): Hooks {
  const { prototype } = MQPushConsumer;
  /** 2.x tries a message that failed again by itself. */
  const sendsBack = !isGeneratorFunction(prototype.init);
  const settle = settleFor(copy);
  const client: ClientKind = {
    name: `${name} ${copy.version}`,
    knowsSql92: takesSql92(prototype.buildSubscriptionData as AnyFunction),
    sharesQueues: false,
  };
  /** The group that the application named. */
  const groupOf = Object.getOwnPropertyDescriptor(prototype, 'consumerGroup')?.get as () => string;

  const departureOf = (intake: Intake, gates: Map<string, Turns>): Departure =>
    departure(intake, gates, sendsBack, settle, {
      debug: error => agent.log.say(handOverLines.leftWithProblem, { group: intake.group, problem: String(error) }),
      givenBack: count => agent.counts.givenBack(intake, count),
      leftToOthers(messages) {
        if (!agent.log.isDebug) return;
        for (const { topic, msgId: id } of messages) {
          agent.log.say(messageLines.leftToOthers, { group: intake.group, topic, id });
        }
      },
    });
  /** Filters change while a consumer runs, and the next heartbeat of its own may be half a minute away. */
  const tellBrokersOfChanges = (consumer: MQPushConsumer, intake: Intake) => {
    const tell = coalesced(
      async () => {
        if (consumer._inited && !consumer._isClosed) await settle(consumer._mqClient.sendHeartbeatToAllBroker());
      },
      error => agent.log.say(groupLines.heartbeatFailed, { group: intake.group, problem: String(error) }),
    );
    intake.onChange(tell);
  };

  const states = consumerStates(made => {
    const consumer = made as MQPushConsumer;
    const session = agent.sessions.open(groupOf.call(consumer), client, beginningOf(consumer.options));
    const { intake } = session;
    const gates = new Map<string, Turns>();
    // Broadcasts have no offsets that could be handed over.
    const isBroadcast = consumer.options.isBroadcast === true;
    const leaving = intake.tag === undefined || isBroadcast ? undefined : departureOf(intake, gates);
    const gate = (source: string) => {
      const found = gates.get(source) ?? handlerTurns(() => consumer.parallelConsumeLimit ?? 1);
      gates.set(source, found);
      return found;
    };
    const connection = () => connectionOf(consumer);
    const standIns = () => makeStandIns(consumer, state);
    const state: ConsumerState = {
      intake,
      handling: { intake, gate, ...leaving?.handlers },
      gates,
      pullers: new Set([made as Puller]),
      departure: leaving,
      own: {
        session,
        reach: isBroadcast ? { connection } : { connection, standIns },
        handlers: new Map(),
        isClosing: false,
      },
    };
    tellBrokersOfChanges(consumer, intake);
    return state;
  });
  const makeStandIns = standInMaker({
    MQPushConsumer,
    agent,
    copy,
    settle,
    departureOf,
    states,
    tellBrokersOfChanges,
  });
  return { agent, client, states, settle, copy };
}
