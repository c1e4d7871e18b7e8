/** A RocketMQ client whose version is not known: nothing of it is changed, but it is noticed that it makes a consumer. */

import { type Exports, type Patch, Replacement } from '../agent/instrumentation';
import { type AnyClass, wrapClass } from '../foreign-objects/wrap';
import { hookLines } from '../lines/hooks';

/** What every client calls them, and more: `PushConsumer`, `SimpleConsumer`, `MQPushConsumer`. */
const CONSUMER = /Consumer$/;

/** @param client its name, as people know it */
export function noticeConsumers(client: string): Patch {
  return (exports: Exports, agent, { version }) => {
    const noticed = (Consumer: AnyClass) =>
      wrapClass(Consumer, (args, _newTarget, make) => {
        agent.failIsolation(hookLines.unknownClientConsumer, { client, version });
        return make(args);
      });
    if (isClass(exports)) return CONSUMER.test(exports.name) ? new Replacement(noticed(exports)) : undefined;
    if (typeof exports !== 'object' || exports === null) return undefined;
    for (const name of Object.keys(exports).filter(name => CONSUMER.test(name))) {
      const { value, writable } = Object.getOwnPropertyDescriptor(exports, name) ?? {};
      if (writable === true && isClass(value)) exports[name] = noticed(value);
    }
    return undefined;
  };
}

function isClass(value: unknown): value is AnyClass {
  return typeof value === 'function' && Object.hasOwn(value, 'prototype');
}
