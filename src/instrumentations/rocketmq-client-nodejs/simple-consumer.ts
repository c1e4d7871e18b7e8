/** Pull consumers of rocketmq-client-nodejs 1.x: `receive()` brings what the consumer and its stand-ins get. */

import type { Agent } from '../../agent/agent';
import type { Exports, Patch } from '../../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import { messageLines } from '../../lines/messages';
import { endOfTaken, messageBatch } from '../../rocketmq/pull/message-batch';
import { pullFamily } from '../../rocketmq/pull/pull-family';
import { systemClock } from '../../rocketmq/remoting/clock';
import type { MessageView, SimpleConsumer } from './client';
import { consumerClass } from './construction';
import { patchLife, patchSubscriptions } from './consumer';
import { intakeOf, stateOf } from './consumer-state';
import { seeMessage } from './listener';
import { bringerOf, type PullMethods, pullMember, pullStandIns } from './pull-stand-in';
import { said } from './stand-in';

export const patchSimpleConsumer: Patch = (exports, agent, copy) => {
  const methods = originalMethods(exports.SimpleConsumer, agent);
  patchLife(exports.SimpleConsumer);
  patchSubscriptions(exports.SimpleConsumer, agent, copy);
  patchMessages(exports.SimpleConsumer, agent, methods);
  exports.SimpleConsumer = consumerClass<SimpleConsumer>(exports.SimpleConsumer, agent, copy, (main, state) => {
    const family = pullFamily(pullMember(main, main.consumer, methods, state.session.intake));
    const standIns = pullStandIns(main, family, methods);
    state.family = family;
    state.beforeShutdown = async () => {
      await family.close(systemClock.sleep(main.consumer.requestTimeout));
      standIns.hurry();
    };
    return standIns;
  });
};

/** The methods as they are before they are changed; `receive` without what the client has to skip. */
function originalMethods({ prototype }: Exports, agent: Agent): PullMethods {
  const { ack, changeInvisibleDuration, receive } = prototype as Record<string, AnyFunction>;
  if (ack === undefined || changeInvisibleDuration === undefined || receive === undefined) {
    throw new TypeError('SimpleConsumer is not what was expected');
  }
  return {
    async receive(consumer, ...args) {
      const messages = (await receive.apply(consumer, args)) as MessageView[];
      const intake = intakeOf(consumer);
      if (intake === undefined || (intake.side !== 'client' && intake.revision === 0)) return messages;
      const skip = (message: MessageView, tag: string | undefined) => {
        agent.counts.skipped(intake, message.topic, tag);
        // One that is not acknowledged comes again, and is skipped again.
        if (agent.log.isDebug) agent.log.say(messageLines.skipped, { ...said(intake, message), tag });
        const unacknowledged = (error: unknown) =>
          agent.log.say(messageLines.skippedNotAcknowledged, { ...said(intake, message), problem: `${error}` });
        ack.call(consumer, message).catch(unacknowledged);
      };
      return messages.filter(message => {
        const { tag, isTaken } = seeMessage(message, intake, agent);
        if (!isTaken) skip(message, tag);
        return isTaken;
      });
    },
    changeInvisibleDuration: (consumer, message, invisible) =>
      changeInvisibleDuration.call(consumer, message, invisible) as Promise<void>,
  };
}

/** `receive`, `ack` and `changeInvisibleDuration`, over a consumer and its stand-ins. */
function patchMessages({ prototype }: Exports, agent: Agent, methods: PullMethods): void {
  const see = (main: SimpleConsumer, message: MessageView) => {
    const intake = intakeOf(bringerOf(message, main));
    const { tag } = seeMessage(message, undefined, agent);
    return { intake, environment: intake === undefined ? tag : intake.environmentOf(tag) };
  };
  const count = (main: SimpleConsumer, messages: readonly MessageView[]) => {
    if (!agent.counts.countsMessages()) return;
    for (const message of messages) {
      const { intake, environment } = see(main, message);
      if (intake !== undefined) agent.counts.consumed(intake, message.topic, environment, 'receive');
    }
  };
  wrapMethod(prototype, 'receive', () => {
    return async function receive(this: SimpleConsumer, ...args: unknown[]) {
      agent.guard('ending the work for a message', undefined, () => endOfTaken(this, agent.context));
      const family = stateOf(this)?.family;
      // The defaults are the client's. What it refuses, it refuses with its own words.
      const [max = 10, invisible = 15_000] = args;
      const taken =
        family !== undefined && isPositive(max) && isPositive(invisible)
          ? await family.receive(max, invisible)
          : await methods.receive(this, ...args);
      agent.guard('counting received messages', undefined, () => count(this, taken));
      return agent.guard('following received messages', taken, () =>
        messageBatch(taken, {
          tagOf: message => see(this, message).environment,
          source: this,
          context: agent.context,
        }),
      );
    };
  });
  for (const name of ['ack', 'changeInvisibleDuration']) {
    wrapMethod<AnyFunction>(prototype, name, original => {
      const method = async function (this: SimpleConsumer, message: MessageView, ...rest: unknown[]) {
        return original.call(bringerOf(message, this), message, ...rest);
      };
      return method;
    });
  }
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && value > 0;
}
