import { isTag } from '../names/tag';

/** The part of a Map that carries user properties: protobuf maps and JavaScript Maps both fit. */
export interface PropertyCarrier {
  get(key: string): string | undefined;
  set(key: string, value: string): unknown;
}

export interface RemovablePropertyCarrier extends PropertyCarrier {
  /** Maps call it `delete`, google-protobuf's `del`. */
  readonly delete?: (key: string) => unknown;
  readonly del?: (key: string) => unknown;
}

/** The tag that a message carries, if it is a well-formed one. */
export function extractTag(properties: Pick<PropertyCarrier, 'get'> | undefined, key: string): string | undefined {
  const value = properties?.get(key);
  return isTag(value) ? value : undefined;
}

/**
 * Puts the outgoing tag into a message's user properties: replaced when there is a tag, removed under `base`, else left
 * as the application set it.
 */
export function injectTag(
  properties: RemovablePropertyCarrier,
  key: string,
  outgoing: { readonly tag: string | undefined; readonly remove: boolean },
): void {
  if (outgoing.tag !== undefined) properties.set(key, outgoing.tag);
  else if (outgoing.remove) (properties.delete ?? properties.del)?.call(properties, key);
}

/** User properties that are a plain object, as a carrier. */
export function recordCarrier(properties: Record<string, string>): RemovablePropertyCarrier {
  return new RecordCarrier(properties);
}

/** A class: one is made for each message, and three closures would be as many objects more. */
class RecordCarrier implements RemovablePropertyCarrier {
  constructor(private readonly properties: Record<string, string>) {}

  get(key: string): string | undefined {
    return this.properties[key];
  }

  set(key: string, value: string): void {
    this.properties[key] = value;
  }

  delete(key: string): boolean {
    return delete this.properties[key];
  }
}
