/** How many handlers run at once, over all consumers of a process that handle messages for the application. */
export interface Turns<Owner extends object = object> {
  /** undefined: the handler may run now. Else whether it may, once its turn has come. */
  enter(owner: Owner): Promise<boolean> | undefined;
  /** A handler of `owner` that was let in has ended. */
  leave(owner: Owner): void;
  /** Those of `owner` that wait shall not run. */
  turnAway(owner: Owner): void;
}

/**
 * Who has the fewest handlers running is next, of those who wait; each of them in the order of its calls.
 *
 * @param limit how many may run; asked each time
 */
export function handlerTurns<Owner extends object>(limit: () => number): Turns<Owner> {
  let running = 0;
  const runningOf = new Map<Owner, number>();
  /** By the length of its wait. */
  const waiting = new Map<Owner, ((mayRun: boolean) => void)[]>();

  const begin = (owner: Owner) => {
    running++;
    runningOf.set(owner, (runningOf.get(owner) ?? 0) + 1);
  };
  const next = (): Owner | undefined => {
    let chosen: Owner | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const owner of waiting.keys()) {
      const its = runningOf.get(owner) ?? 0;
      if (its < fewest) [chosen, fewest] = [owner, its];
    }
    return chosen;
  };
  const letIn = () => {
    while (waiting.size > 0 && running < limit()) {
      const owner = next() as Owner;
      const calls = waiting.get(owner) ?? [];
      const tell = calls.shift();
      // Behind the others that wait.
      waiting.delete(owner);
      if (calls.length > 0) waiting.set(owner, calls);
      begin(owner);
      tell?.(true);
    }
  };

  return {
    enter(owner) {
      if (waiting.size === 0 && running < limit()) {
        begin(owner);
        return undefined;
      }
      return new Promise(tell => {
        const calls = waiting.get(owner);
        if (calls === undefined) waiting.set(owner, [tell]);
        else calls.push(tell);
        // The limit may have grown.
        letIn();
      });
    },
    leave(owner) {
      running--;
      const left = (runningOf.get(owner) ?? 1) - 1;
      if (left > 0) runningOf.set(owner, left);
      else runningOf.delete(owner);
      letIn();
    },
    turnAway(owner) {
      const calls = waiting.get(owner) ?? [];
      waiting.delete(owner);
      for (const tell of calls) tell(false);
    },
  };
}
