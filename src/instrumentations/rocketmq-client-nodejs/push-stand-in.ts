/** Stand-ins of push consumers of rocketmq-client-nodejs 1.x. */

import type { Intake } from '../../rocketmq/hand-over/intake';
import { type StandInMaker, standInWith } from '../../rocketmq/hand-over/stand-in';
import { systemClock } from '../../rocketmq/remoting/clock';
import { deferred } from '../../rocketmq/remoting/deferred';
import type { MessageListener, MessageView, PushConsumer } from './client';
import { type FamilyMember, joinFamily } from './family-limits';
import { type Delivery, giveBack, giveBackRequest, isHandledAfterAll } from './give-back';
import { scopedListener, success } from './listener';
import { restBetweenPolls } from './poll-rests';
import { replace } from './replace';
import { closer, construct, DONE, type Main, sayGivenBack, startUp, topicsOf } from './stand-in';

/** Until then the client has begun to poll, ms: it does a second after its startup. */
const FIRST_POLL_MS = 3000;

/**
 * Stand-ins of a push consumer.
 *
 * @param own the consumer's own intake
 */
export function pushStandIns(main: Main<PushConsumer>, own: Intake): StandInMaker {
  return {
    async start(intake, subscriptions) {
      const { messageListener } = main.options;
      if (messageListener === undefined) throw new Error('the consumer has no listener');
      const family = joinFamily({ ...main, intake: own }, intake);
      const departure = givingBack(main, intake, family);
      const standIn: PushConsumer = construct(main, intake, subscriptions, {
        messageListener: departure.listener(messageListener, () => standIn),
      });
      const polls = departure.watch(standIn);
      const closing = closer(main, standIn, () => {});
      try {
        await startUp(main, standIn, intake, subscriptions);
      } catch (error) {
        departure.begin();
        void closing();
        throw error;
      }
      await Promise.race([polls, systemClock.sleep(FIRST_POLL_MS)]);
      return standInWith(topicsOf(main, standIn, intake), () => {
        departure.begin();
        return { left: Promise.resolve(), closed: closing() };
      });
    },
  };
}

/** How a stand-in leaves: what it gets from then on is given back, unless that would lose it. */
interface Departure {
  /** The application's listener, as the stand-in runs it. */
  listener(original: MessageListener, standIn: () => PushConsumer): MessageListener;
  /** Has the stand-in do what the departure needs. Resolves with its first poll. */
  watch(standIn: PushConsumer): Promise<void>;
  begin(): void;
}

function givingBack(main: Main<PushConsumer>, intake: Intake, family: FamilyMember): Departure {
  const { agent, copy } = main;
  let isLeaving = false;
  let endRests = () => {};
  let maxAttempts: number | undefined;
  /** Where each message stands in what its poll brought. */
  const batches = new WeakMap<MessageView, { readonly batch: readonly Delivery[]; readonly index: number }>();
  const givenBack = new WeakSet<MessageView>();

  const isHandled = (message: MessageView, standIn: PushConsumer): boolean => {
    const place = batches.get(message);
    if (!isLeaving || place === undefined) return !isLeaving;
    const isOrdered = standIn.getPushConsumerSettings().isFifo();
    return isHandledAfterAll(place.batch, place.index, { isOrdered, maxAttempts });
  };
  /** Resolves with the first poll. */
  const watchPolls = (standIn: PushConsumer): Promise<void> => {
    const { promise: polls, resolve: onPoll } = deferred();
    endRests = restBetweenPolls(standIn);
    replace(standIn, 'receiveMessage', original => async (...args) => {
      // What was left of the client's startup when it left: nobody waits for it.
      if (isLeaving) return new Promise(() => {});
      onPoll();
      const messages = await original(...args);
      const batch = messages.map(({ deliveryAttempt = 1 }) => ({ attempt: deliveryAttempt }));
      for (const [index, message] of messages.entries()) batches.set(message, { batch, index });
      return messages;
    });
    return polls;
  };
  /** To the client a message that is given back was handled: only what it tells the broker is something else. */
  const replaceAcknowledgements = (standIn: PushConsumer): void => {
    const requests = new WeakMap<object, MessageView>();
    // It keeps its order, waits and counts as for any other.
    replace(standIn, 'wrapAckMessageRequest', original => message => {
      if (!givenBack.has(message)) return original(message);
      const request = giveBackRequest(standIn, message, copy);
      requests.set(request, message);
      return request;
    });
    replace(standIn, 'ackMessageViaRpc', original => async (endpoints, request, timeout) => {
      const message = requests.get(request);
      if (message === undefined) return original(endpoints, request, timeout);
      sayGivenBack(main, intake, message, await giveBack(standIn, endpoints, request));
      return DONE;
    });
  };

  return {
    listener(original, standIn) {
      const listener = scopedListener(original, intake, agent, copy);
      return {
        // Whether it is handled shows when it is its turn: those who wait are told of the departure.
        consume: (message: MessageView) =>
          family.inTurn(message, () => {
            if (isHandled(message, standIn())) return listener.consume(message);
            givenBack.add(message);
            return success(copy);
          }),
      };
    },
    watch(standIn) {
      replace(standIn, 'onSettingsCommand', original => (endpoints, settings) => {
        maxAttempts = settings.getBackoffPolicy()?.getMaxAttempts() || undefined;
        return original(endpoints, settings);
      });
      const polls = watchPolls(standIn);
      replaceAcknowledgements(standIn);
      return polls;
    },
    begin() {
      isLeaving = true;
      endRests();
      family.leave();
    },
  };
}
