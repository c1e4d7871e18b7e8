/** Tags in the user properties of messages: reading them from one that came, writing them into one that is sent. */
import type { Interop } from '../names/interop';
import { isTag } from '../names/tag';
import { mergeBaggage } from './baggage';
import { BAGGAGE_PROPERTY, tagInBaggage } from './message-baggage';
import type { PropertyCarrier, RemovablePropertyCarrier } from './property-carrier';

/** What a message that is sent carries. */
interface Outgoing {
  readonly tag: string | undefined;
  /** `base`: a tag that the application set is removed. */
  readonly remove: boolean;
}

export interface MessagePropagation {
  /** The tag that a message carries, if it is a well-formed one: our own property, else that of its baggage (`otel`). */
  extract(properties: Pick<PropertyCarrier, 'get'> | undefined): string | undefined;
  /**
   * Puts the outgoing tag into a message's user properties: replaced when there is a tag, removed under `base`, else left
   * as the application set it.
   */
  inject(properties: RemovablePropertyCarrier, outgoing: Outgoing): void;
  /** The properties that a message gets which has none of its own, by name. */
  written(tag: string): Readonly<Record<string, string>>;
}

export function createMessagePropagation(options: {
  readonly key: string;
  readonly interop: Interop;
}): MessagePropagation {
  const { key } = options;
  const hasBaggage = options.interop.includes('otel');

  function mergeInto(properties: RemovablePropertyCarrier, tag: string | undefined): void {
    const existing = properties.get(BAGGAGE_PROPERTY);
    const merged = mergeBaggage(existing, { key, tag, writeMse: false, dropMse: false });
    if (merged !== undefined) properties.set(BAGGAGE_PROPERTY, merged);
    else if (existing !== undefined) remove(properties, BAGGAGE_PROPERTY);
  }

  return {
    extract(properties) {
      const own = properties?.get(key);
      if (isTag(own)) return own;
      // As brokers filter: what has our property, malformed or not, is not looked at any further.
      if (!hasBaggage || (own !== undefined && own !== '')) return undefined;
      const baggage = properties?.get(BAGGAGE_PROPERTY);
      return baggage === undefined ? undefined : tagInBaggage(baggage, key);
    },
    inject(properties, outgoing) {
      if (outgoing.tag === undefined && !outgoing.remove) return;
      if (outgoing.tag !== undefined) properties.set(key, outgoing.tag);
      else remove(properties, key);
      if (hasBaggage) mergeInto(properties, outgoing.tag);
    },
    written: tag => ({ [key]: tag, ...(hasBaggage && { [BAGGAGE_PROPERTY]: `${key}=${tag}` }) }),
  };
}

function remove(properties: RemovablePropertyCarrier, name: string): void {
  (properties.delete ?? properties.del)?.call(properties, name);
}
