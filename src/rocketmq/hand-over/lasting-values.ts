/**
 * Values in the key-value configuration of the name servers, each of which keeps its own. One that is away, or hangs, gets them
 * later: it may be the only one that is there when they are read.
 */
import type { BrokerAdministration } from '../administration/broker-administration';
import type { Clock } from '../remoting/clock';

export interface LastingValues {
  /**
   * Sets a value on every name server. Those that did not take it get what is known by then a little later, again and again.
   *
   * @param latest what the name servers have of the key, as somebody may have written meanwhile; undefined: nothing. It throws when
   *   nobody tells: then nothing is written, which might replace what is later
   * @returns true when at least one took it. Never rejects.
   */
  put(key: string, value: string, latest: () => Promise<string | undefined>): Promise<boolean>;
  /** What is not on every name server by now stays so. */
  close(): void;
}

/** When what a name server did not take is tried again, ms: twice as long after each time, up to the second. */
const FIRST_MS = 5_000;
const LAST_MS = 300_000;
const NOT_TAKEN = { taken: 0, of: 1 };

export function lastingValues(
  administration: Pick<BrokerAdministration, 'putKeyValue'>,
  namespace: string,
  clock: Pick<Clock, 'after'>,
): LastingValues {
  /** What ends the next try, by key. */
  const tries = new Map<string, () => void>();
  let isClosed = false;

  const write = (key: string, value: string) =>
    administration.putKeyValue(namespace, key, value).catch(() => NOT_TAKEN);

  function tryLater(key: string, value: string, latest: () => Promise<string | undefined>, delayMs = FIRST_MS): void {
    tries.get(key)?.();
    if (isClosed) return;
    const cancel = clock.after(delayMs, async () => {
      const isCurrent = () => !isClosed && tries.get(key) === cancel;
      const known = await latest().catch(() => null);
      // Otherwise somebody in this process has written it anew.
      if (!isCurrent()) return;
      const { taken, of } = known === null ? NOT_TAKEN : await write(key, known ?? value);
      if (!isCurrent()) return;
      tries.delete(key);
      if (taken < of) tryLater(key, known ?? value, latest, Math.min(2 * delayMs, LAST_MS));
    });
    tries.set(key, cancel);
  }

  return {
    async put(key, value, latest) {
      tries.get(key)?.();
      tries.delete(key);
      const { taken, of } = await write(key, value);
      if (taken < of) tryLater(key, value, latest);
      return taken > 0;
    },
    close() {
      isClosed = true;
      for (const cancel of tries.values()) cancel();
      tries.clear();
    },
  };
}
