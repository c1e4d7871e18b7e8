/** Stand-ins of pull consumers of rocketmq-client-nodejs 1.x. */

import { handOverLines } from '../../lines/hand-over';
import { messageLines } from '../../lines/messages';
import type { Intake } from '../../rocketmq/hand-over/intake';
import { type StandInMaker, standInWith } from '../../rocketmq/hand-over/stand-in';
import type { PullFamily, PullMember } from '../../rocketmq/pull/pull-family';
import { deferred } from '../../rocketmq/remoting/deferred';
import type { MessageView, SimpleConsumer } from './client';
import { giveBack, giveBackRequest } from './give-back';
import { closer, construct, type Main, said, sayGivenBack, startUp, topicsOf } from './stand-in';

/** Who brought a message that the application did not get from its own consumer. */
const bringers = new WeakMap<MessageView, SimpleConsumer>();

/** The consumer of the family that `message` is to be acknowledged with. */
export function bringerOf(message: MessageView, main: SimpleConsumer): SimpleConsumer {
  return (typeof message === 'object' && message !== null && bringers.get(message)) || main;
}

/** The methods of the library, as they were before they were changed. */
export interface PullMethods {
  /** Without what the client has to skip. Arguments are the application's, which may be anything. */
  receive(consumer: SimpleConsumer, ...args: unknown[]): Promise<MessageView[]>;
  changeInvisibleDuration(consumer: SimpleConsumer, message: MessageView, invisible: number): Promise<void>;
}

export function pullMember(
  main: Main<SimpleConsumer>,
  consumer: SimpleConsumer,
  methods: PullMethods,
  intake: Intake,
): PullMember<MessageView> {
  const { log } = main.agent;
  return {
    async poll(max, invisible) {
      const messages = await methods.receive(consumer, max, invisible);
      if (consumer !== main.consumer) for (const message of messages) bringers.set(message, consumer);
      return messages;
    },
    renew: (message, invisible) => methods.changeInvisibleDuration(consumer, message, invisible),
    async giveBack(messages) {
      for (const message of messages) {
        const request = giveBackRequest(consumer, message, main.copy);
        sayGivenBack(main, intake, message, await giveBack(consumer, message.endpoints, request));
      }
    },
    onError: error => log.say(handOverLines.pollFailed, { canaryGroup: intake.group, problem: `${error}` }),
    ...(log.isDebug && { onKept: message => log.say(messageLines.keptBack, said(intake, message)) }),
  };
}

/** Stand-ins of a pull consumer, whose messages come with the application's own. */
export function pullStandIns(
  main: Main<SimpleConsumer>,
  family: PullFamily<MessageView>,
  methods: PullMethods,
): StandInMaker & { /** The application closes its consumer: stand-ins wait for nothing any more. */ hurry(): void } {
  const waiting = new Set<() => void>();
  return {
    hurry() {
      for (const stop of waiting) stop();
    },
    async start(intake, subscriptions) {
      const standIn = construct(main, intake, subscriptions, {});
      const { promise: hurried, resolve: stop } = deferred();
      waiting.add(stop);
      const closing = closer(main, standIn, () => {
        waiting.delete(stop);
        // What it brought is acknowledged over the application's own connection, in its group.
        standIn.rpcClientManager = main.consumer.rpcClientManager;
      });
      try {
        await startUp(main, standIn, intake, subscriptions);
      } catch (error) {
        void closing();
        throw error;
      }
      const member = pullMember(main, standIn, methods, intake);
      family.add(member);
      return standInWith(topicsOf(main, standIn, intake), () => {
        const removed = family.remove(member);
        return { left: Promise.resolve(), closed: Promise.race([removed, hurried]).then(closing) };
      });
    },
  };
}
