import { EventEmitter } from 'node:events';
import { type AnyFunction, likeOriginal } from '../foreign-objects/wrap';

/** An emitter that is still under construction: its prototype is there. @returns true when it has seen enough */
type Look = (emitter: object) => boolean;

const emitters = EventEmitter as unknown as { init: AnyFunction };
let looks: readonly Look[] = [];
let isInPlace = false;

/**
 * Shows each emitter of this process as it is made, until `look` has seen enough. Node.js calls `EventEmitter.init` for each;
 * its own `domain` module hooks the same function. A look must not throw.
 */
export function onMadeEmitter(look: Look): void {
  looks = [...looks, look];
  if (isInPlace) return;
  const original = emitters.init;
  const init = likeOriginal(original, function init(this: object, options: unknown) {
    for (let at = looks.length - 1; at >= 0; at--) {
      const seen = looks[at] as Look;
      if (seen(this)) looks = looks.filter(other => other !== seen);
    }
    // Somebody may have hooked it meanwhile, and calls this one for ever.
    if (looks.length === 0 && emitters.init === init) {
      emitters.init = original;
      isInPlace = false;
    }
    return original.call(this, options);
  });
  isInPlace = true;
  emitters.init = init;
}
