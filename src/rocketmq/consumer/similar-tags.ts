/** Tags that a person may take for the same: they differ in upper and lower case alone, as `gray` and `Gray`. */
import { groupLines } from '../../lines/groups';
import type { Log } from '../../log';

/**
 * Warns once for each pair of such tags among those that are in use.
 * @param instanceTag of this process
 * @returns to be told of each tag that is in use
 */
export function similarTags(instanceTag: string | undefined, log: Log): (tag: string) => void {
  const known = new Map<string, string>();
  const see = (tag: string): void => {
    const key = tag.toLowerCase();
    const former = known.get(key) ?? tag;
    known.set(key, former);
    if (former === tag) return;
    log.say(groupLines.similarTags, { former, tag });
  };
  if (instanceTag !== undefined) see(instanceTag);
  return see;
}
