/** User properties of messages, as client libraries keep them. */

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
