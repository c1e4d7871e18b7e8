import type { LibraryCopy } from '../../agent/instrumentation';
import type { AnyClass } from '../../foreign-objects/wrap';

/** What the compiled part of the client exports. */
export interface Addon {
  Producer: AnyClass;
  PushConsumer: AnyClass;
}

/** The addon of a copy, which its files have loaded by now; found as they find it. */
export function addonOf(copy: LibraryCopy): Addon {
  return copy.require('lib/common.js').requireBinding('rocketmq') as Addon;
}
