/** Work about the same thing, one after the other. */
export interface Turns {
  /** Begins `work` when the former work about `name` is over, whatever came of it. */
  take<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export function turns(): Turns {
  /** The last of each. */
  const underWay = new Map<string, Promise<unknown>>();
  return {
    take(name, work) {
      const turn = (underWay.get(name) ?? Promise.resolve()).then(work, work);
      underWay.set(name, turn);
      const over = () => {
        if (underWay.get(name) === turn) underWay.delete(name);
      };
      turn.then(over, over);
      return turn;
    },
  };
}
