/** Producers of apache-rocketmq: the tag of each message, and the flow of what happens once it is sent. */

import type { Agent } from '../../agent/agent';
import type { Patch } from '../../agent/instrumentation';
import { overlay } from '../../foreign-objects/overlay';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import { messageLines } from '../../lines/messages';
import { addonOf } from './addon';
import { hasSeparators, propertyChanges, type SendOptions } from './property-string';

export const patchProducer: Patch = (_exports, agent, copy) =>
  wrapMethod<AnyFunction>(addonOf(copy).Producer.prototype, 'send', original => {
    return function send(
      this: unknown,
      topic: string,
      body: unknown,
      options: SendOptions,
      callback: unknown,
      ...rest: unknown[]
    ) {
      const changed = agent.guard('writing the tag of a message', options, () => tagged(topic, options, agent));
      const inFlow = agent.guard('following a send', callback, () => followed(callback, agent));
      return original.call(this, topic, body, changed, inFlow, ...rest);
    };
  });

/** What the client gets in the place of the application's options; those where nothing has to be changed. */
function tagged(topic: string, options: SendOptions, agent: Agent): SendOptions {
  if (hasSeparators(options.keys) || hasSeparators(options.tags)) {
    agent.log.say(messageLines.separators, { topic });
  }
  const { tag } = agent.context.outgoingMessageTag();
  agent.counts.sent(topic, tag);
  const changes = propertyChanges(options, tag === undefined ? {} : agent.messages.written(tag));
  if (changes.keys === undefined && changes.tags === undefined) return options;
  // The client takes anything for options.
  return overlay(Object(options) as SendOptions, { ...changes });
}

/** The addon calls back from its own threads, outside of any flow. */
function followed(callback: unknown, { context }: Agent): unknown {
  const scope = context.scope();
  if (scope === undefined || typeof callback !== 'function') return callback;
  return function (this: unknown, ...results: unknown[]): unknown {
    return context.runInScope(scope, () => callback.apply(this, results));
  };
}
