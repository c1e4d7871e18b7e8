/**
 * Something that is noted of objects of others and goes with them, as with a WeakMap, which costs each object that it holds a
 * hash, an entry and work in every garbage collection: too much where each message is one. What is kept in a private field
 * costs as much as a property, and like the entry of a WeakMap nobody sees it.
 */
export interface PrivateMark<Value> {
  /** undefined: nothing was noted. */
  get(object: object): Value | undefined;
  set(object: object, value: Value): void;
}

// In each bundle: it keeps nothing.
class ReturnsItsArgument {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: the fields of a class derived from this one are put there
    return object;
  }
}

export function privateMark<Value>(): PrivateMark<Value> {
  return class Marked extends ReturnsItsArgument {
    #value: Value;

    constructor(object: object, value: Value) {
      super(object);
      this.#value = value;
    }

    static get(object: object): Value | undefined {
      return #value in object ? (object as Marked).#value : undefined;
    }

    static set(object: object, value: Value): void {
      if (#value in object) (object as Marked).#value = value;
      else new Marked(object, value);
    }
  };
}
