/** How many handlers of a topic run at once, over all consumers of a process that handle it for the application. */
export interface HandlerGate {
  /** undefined: the handler may run now. Else whether it may, once its turn has come; in the order of the calls. */
  enter(owner: object): Promise<boolean> | undefined;
  /** A handler that was let in has ended. */
  leave(): void;
  /** Those of `owner` that wait shall not run. */
  turnAway(owner: object): void;
}

export function handlerGate(limit: number): HandlerGate {
  let running = 0;
  let waiting: { readonly owner: object; readonly tell: (mayRun: boolean) => void }[] = [];
  return {
    enter(owner) {
      if (running < limit) {
        running++;
        return undefined;
      }
      return new Promise(tell => waiting.push({ owner, tell }));
    },
    leave() {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next.tell(true);
    },
    turnAway(owner) {
      const away = waiting.filter(one => one.owner === owner);
      waiting = waiting.filter(one => one.owner !== owner);
      for (const { tell } of away) tell(false);
    },
  };
}
