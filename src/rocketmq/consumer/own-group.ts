/** Whether the group of a baseline's consumer exists. */
import { groupLines } from '../../lines/groups';
import type { Log } from '../../log';
import type { MissingGroup } from '../administration/missing-group';

/** By then, ms, a broker that creates groups by itself has done so, when the consumer has started. */
const CREATED_MS = 20_000;

/** Looks once for each group, a while from now, unless the consumer is closed then. */
export function ownGroups(
  log: Pick<Log, 'say'>,
): (group: string, look: () => Promise<MissingGroup | undefined>, isClosed: () => boolean) => void {
  const asked = new Set<string>();
  return (group, look, isClosed) => {
    if (asked.has(group)) return;
    asked.add(group);
    const timer = setTimeout(() => {
      if (isClosed()) asked.delete(group);
      else void say();
    }, CREATED_MS);
    timer.unref();
    const say = async () => {
      const missing = await look();
      if (missing !== undefined) log.say(groupLines.baselineMissing, { group, ...missing });
    };
  };
}
