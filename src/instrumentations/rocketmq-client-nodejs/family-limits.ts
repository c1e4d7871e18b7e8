/**
 * The limits of a push consumer of rocketmq-client-nodejs 1.x, which hold over it and its stand-ins together.
 *
 * The client (1.0.8) shares `maxCacheMessageCount` out among the consumer's queues, asks for no more messages than a queue's
 * share, waits for a second where that is full, and handles all that it has at once. Each consumer does so by itself, as if
 * it were alone. What is added: a poll is sent when there is room for what it may bring, and so many handlers run at once.
 */
import type { Intake } from '../../rocketmq/hand-over/intake';
import { type RoomMember, sharedRoom } from '../../rocketmq/sharing/room';
import { handlerTurns, type Turns } from '../../rocketmq/sharing/turns';
import type { ConsumerOptions, MessageListener, MessageView, PushConsumer } from './client';

/** The client's own, where the application sets nothing. */
const MESSAGES = 1024;
const BYTES = 64 * 1024 * 1024;

export interface FamilyMember {
  /** See {@link RoomMember.ask}. */
  ask(queue: object, wanted: number): number | Promise<number>;
  brought(queue: object, messages: readonly MessageView[]): void;
  /** Runs `work` for a message when it is its turn; of a stand-in that leaves, at once. */
  inTurn(message: MessageView, work: () => unknown): Promise<unknown>;
  /** From now on nothing of it waits, and what it has in hand takes no room from others. */
  leave(): void;
}

interface Family {
  join(intake: Intake, isStandIn: boolean): FamilyMember;
}

/** By the intake of the application's consumer. */
const families = new WeakMap<Intake, Family>();
const members = new WeakMap<Intake, FamilyMember>();

/** By a consumer's intake. Undefined while it has no stand-ins: then its limits are the client's affair. */
export function memberOf(intake: Intake): FamilyMember | undefined {
  return members.get(intake);
}

/** A stand-in with the intake `standIn` shares the limits of the application's consumer from now on. */
export function joinFamily(
  main: { readonly consumer: PushConsumer; readonly options: ConsumerOptions; readonly intake: Intake },
  standIn: Intake,
): FamilyMember {
  let family = families.get(main.intake);
  if (family === undefined) {
    family = familyOf(main.consumer, main.options);
    families.set(main.intake, family);
  }
  if (!members.has(main.intake)) family.join(main.intake, false);
  return family.join(standIn, true);
}

/** `listener` of the application's consumer, within the limits that it shares. */
export function listenerInTurn(listener: MessageListener, intake: Intake): MessageListener {
  return {
    consume(message) {
      const member = memberOf(intake);
      return member === undefined ? listener.consume(message) : member.inTurn(message, () => listener.consume(message));
    },
  };
}

function familyOf(main: PushConsumer, options: ConsumerOptions): Family {
  const { maxCacheMessageCount = MESSAGES, maxCacheMessageSizeInBytes = BYTES } = options;
  // Each of its queues may have one, whatever the limit.
  const most = () => Math.max(maxCacheMessageCount, main.getQueueSize());
  const room = sharedRoom<MessageView>({
    messages: most,
    bytes: () => maxCacheMessageSizeInBytes,
    sizeOf: ({ body }) => body?.length ?? 0,
  });
  const turns = handlerTurns<Intake>(most);
  return {
    join(intake, isStandIn) {
      const member = memberWith(room.join(isStandIn), turns, intake, () => {
        members.delete(intake);
        // What the application's own consumer has in hand is handled before it ends.
        if (isStandIn) turns.turnAway(intake);
      });
      members.set(intake, member);
      return member;
    },
  };
}

function memberWith(
  room: RoomMember<MessageView>,
  turns: Turns<Intake>,
  intake: Intake,
  onLeave: () => void,
): FamilyMember {
  return {
    ask: room.ask,
    // What is corrupted the client does not hand over.
    brought: (queue, messages) =>
      room.brought(
        queue,
        messages.filter(({ corrupted }) => !corrupted),
      ),
    async inTurn(message, work) {
      const turn = turns.enter(intake);
      const mayRun = turn === undefined || (await turn);
      try {
        return await work();
      } finally {
        if (mayRun) turns.leave(intake);
        room.ended(message);
      }
    },
    leave() {
      room.leave();
      onLeave();
    },
  };
}
