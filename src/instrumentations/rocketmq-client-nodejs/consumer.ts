/** What the consumers of rocketmq-client-nodejs 1.x have in common: they start and end, subscribe, and receive. */
import type { Agent } from '../../agent/agent';
import type { Exports, LibraryCopy, Patch } from '../../agent/instrumentation';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import type { Reach } from '../../rocketmq/consumer/duties';
import type { Intake } from '../../rocketmq/hand-over/intake';
import { type ClientConsumer, type ClientFilter, credentialsOf, type MessageView, subscription } from './client';
import { clientFilter } from './construction';
import { type ConsumerState, intakeOf, stateOf } from './consumer-state';
import { type FamilyMember, memberOf } from './family-limits';
import { onReceived } from './listener';

/** `startup` and `shutdown`. */
export function patchLife({ prototype }: Exports): void {
  wrapMethod<AnyFunction>(prototype, 'startup', original => {
    return async function startup(this: ClientConsumer, ...args: unknown[]) {
      const state = stateOf(this);
      if (state === undefined) return original.apply(this, args);
      return state.session.start(reachOf(this, state), () => original.apply(this, args));
    };
  });

  wrapMethod<AnyFunction>(prototype, 'shutdown', original => {
    return async function shutdown(this: ClientConsumer, ...args: unknown[]) {
      const state = stateOf(this);
      if (state === undefined) return original.apply(this, args);
      const { session, stillPolled } = state;
      try {
        return await session.close(async () => {
          await state.beforeShutdown?.();
          return original.apply(this, args);
        });
      } finally {
        for (const topic of stillPolled) session.unsubscribed(topic);
        stillPolled.clear();
      }
    };
  });
}

function reachOf(consumer: ClientConsumer, { options, standIns }: ConsumerState): Reach {
  return {
    connection: () => ({ endpoint: consumer.endpoints.facade, credentials: credentialsOf(options) }),
    ...(standIns && { standIns }),
  };
}

/** `subscribe` and `unsubscribe`. */
export function patchSubscriptions({ prototype }: Exports, agent: Agent, copy: LibraryCopy): void {
  wrapMethod<AnyFunction>(prototype, 'subscribe', original => {
    return async function subscribe(
      this: ClientConsumer,
      topic: string,
      filter: string | ClientFilter,
      ...rest: unknown[]
    ) {
      const state = stateOf(this);
      if (state === undefined) return original.call(this, topic, filter, ...rest);
      const { session, stillPolled } = state;
      const asked = agent.guard('a subscription', [], () => subscription(topic, filter));
      const changed = agent.guard('a subscription', filter, () => clientFilter(topic, filter, session.intake, copy));
      stillPolled.delete(topic);
      return session.subscribe(asked, () => original.call(this, topic, changed, ...rest));
    };
  });

  wrapMethod<AnyFunction>(prototype, 'unsubscribe', original => {
    return function unsubscribe(this: ClientConsumer, topic: string, ...rest: unknown[]) {
      const result: unknown = original.call(this, topic, ...rest);
      const state = stateOf(this);
      if (state === undefined) return result;
      // A push consumer goes on polling the topic (1.0.8): so long its messages are still to be handed over.
      if (state.options.messageListener !== undefined) state.stillPolled.add(topic);
      else agent.guard('the end of a subscription', undefined, () => state.session.unsubscribed(topic));
      return result;
    };
  });
}

/** What every kind of consumer receives: when its poll was sent, and errors, some of which mean something to the policy. */
export const patchReceiving: Patch = ({ Consumer }, agent, copy) =>
  wrapMethod(Consumer.prototype, 'receiveMessage', original => {
    return async function receiveMessage(this: ClientConsumer, ...args: unknown[]) {
      const intake = intakeOf(this);
      const revision = intake?.revision ?? 0;
      const [request, queue] = args as [ReceiveRequest, object];
      if (intake) agent.guard('how long a poll is held', undefined, () => shorten(request, intake, copy));
      try {
        const member = intake && memberOf(intake);
        if (member !== undefined && !(await mayPoll(member, request, queue, () => intake?.revision === revision))) {
          return [];
        }
        const messages = (await original.apply(this, args)) as MessageView[];
        if (intake) {
          memberOf(intake)?.brought(queue, messages);
          agent.guard('noting received messages', undefined, () => onReceived(messages, intake, revision, agent));
        }
        return messages;
      } catch (error) {
        if (intake) memberOf(intake)?.brought(queue, []);
        if (intake) agent.guard('explaining an error', undefined, () => void agent.sessions.onError(intake, error));
        throw error;
      }
    };
  });

interface ReceiveRequest {
  getBatchSize(): number;
  setBatchSize(count: number): void;
  getLongPollingTimeout?(): { getSeconds(): number } | undefined;
  setLongPollingTimeout?(duration: unknown): void;
}

function shorten(request: ReceiveRequest, { longestPollMs }: Intake, copy: LibraryCopy): void {
  if (longestPollMs === undefined) return;
  if ((request.getLongPollingTimeout?.()?.getSeconds() ?? 0) * 1_000 <= longestPollMs) return;
  request.setLongPollingTimeout?.(copy.require('dist/util/index.js').createDuration(longestPollMs));
}

/**
 * Waits for room, where the consumer shares its limits with others. False: the poll is out of date by now, its filter has
 * changed; the client sends the next one after what seems to have brought nothing.
 */
async function mayPoll(
  member: FamilyMember,
  request: ReceiveRequest,
  queue: object,
  isUpToDate: () => boolean,
): Promise<boolean> {
  const wanted = request.getBatchSize();
  const count = await member.ask(queue, wanted);
  if (count === 0 || !isUpToDate()) return false;
  if (count < wanted) request.setBatchSize(count);
  return true;
}
