/** What is done for a consumer of the baseline: messages are left to canaries, and stand-ins take those of absent ones. */
import type { BaselineHandOver } from '../hand-over/baseline-hand-over';
import type { StandInMaker } from '../hand-over/stand-in';
import type { ClientConnection } from './client';
import type { Duties } from './duties';

/**
 * Of a consumer in auto mode.
 *
 * @param begin begins its hand-over; undefined: nobody can say which canaries are there
 */
export function baselineDuties(
  begin: (connection: ClientConnection, standIns: StandInMaker) => BaselineHandOver | undefined,
): Duties {
  let handOver: BaselineHandOver | undefined;

  return {
    async prepare(subscriptions, connection, reach) {
      if (subscriptions.length === 0) return;
      const standIns = reach.standIns?.();
      if (standIns === undefined) return;
      handOver ??= begin(connection, standIns);
      await handOver?.subscribe(subscriptions);
    },
    unsubscribed: topic => handOver?.unsubscribe(topic),
    tagsSettled: (declared, ignored) => handOver?.settleTags(declared, ignored),
    leave: async () => handOver?.close(),
    async end() {
      await handOver?.close();
      handOver?.forget();
    },
    report: () => ({ tags: handOver?.tags() ?? [] }),
  };
}
