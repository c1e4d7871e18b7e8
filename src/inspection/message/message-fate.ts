/** What became of a message in one group, and in words what that comes to. Pure. */
import { type FilterExpression, tagsOf } from '../../rocketmq/plan/filter-expression';
import { plural } from '../cluster/amounts';
import { isKnown, valueIn } from '../cluster/answer';
import { selectsMessage } from '../cluster/sql92';
import { withoutAnnouncement } from '../problems/announced-members';
import type { LanePicture, MessagePicture } from './message-picture';

/**
 * - `taken`: the group has passed it, and its filter selects it: it was handled, and acknowledged.
 * - `skipped`: the group has passed it, and its filter leaves it out.
 * - `passed`: one of both, or its handling failed: more is not known.
 * - `waiting`: the group has not come to it.
 * - `retried`: its handling failed, and it comes again.
 * - `dead`: its handling failed too often.
 * - `none`: there is no such group, or it has never consumed here.
 */
export type Fate = 'taken' | 'skipped' | 'passed' | 'waiting' | 'retried' | 'dead' | 'none' | 'unknown';

export interface LaneFate {
  readonly fate: Fate;
  /** Whether the group's filter selects the message; undefined: not known. */
  readonly isSelected: boolean | undefined;
  /** How that is known, for people. */
  readonly filter: string;
}

export function fateOf(picture: MessagePicture, lane: LanePicture): LaneFate {
  const selection = selectionOf(picture, lane);
  return { ...selection, fate: fate(picture, lane, selection.isSelected) };
}

function fate(
  { found }: MessagePicture,
  { settings, committed, retries, dead }: LanePicture,
  isSelected: boolean | undefined,
): Fate {
  if (valueIn(dead) !== undefined) return 'dead';
  const [retry] = valueIn(retries) ?? [];
  if (retry?.isTaken === false) return 'retried';
  if (isKnown(settings) && settings.value === undefined) return 'none';
  if (!isKnown(committed)) return 'unknown';
  if (committed.value === undefined) return 'none';
  if (committed.value <= found.message.queueOffset) return 'waiting';
  if (retry?.isTaken) return 'taken';
  if (isSelected === false) return 'skipped';
  return isSelected && isKnown(retries) && isKnown(dead) ? 'taken' : 'passed';
}

/** By what its members told the brokers; where nobody is, by what such a group is for. */
function selectionOf({ found, tag }: MessagePicture, lane: LanePicture): Omit<LaneFate, 'fate'> {
  const { topic, properties } = found.message;
  const told = valueIn(lane.members)?.filters[topic];
  if (lane.tag !== undefined) {
    if (told === undefined)
      return { isSelected: lane.isOwn || lane.isCopies ? undefined : true, filter: `that of ${lane.tag}` };
    return { isSelected: isSelectedBy(told, properties), filter: told.expression };
  }
  if (told === undefined) return { isSelected: undefined, filter: 'not known: nobody is online' };
  const isSelected = isSelectedBy(told, properties);
  // Clients of gRPC told it as they started; the agent changes it with each poll.
  const isLeftOut = isSelected !== false && hasAgent(lane) && valueIn(lane.marker)?.phase === 'managed';
  const { members = [] } = valueIn(lane.members) ?? {};
  const strangers = withoutAnnouncement(members, valueIn(lane.announced) ?? []).length;
  if (isLeftOut && strangers > 0) {
    const who = `${strangers} of ${plural(members.length, 'consumer')} without an announcement may take it`;
    return { isSelected: undefined, filter: who };
  }
  if (!isLeftOut) return { isSelected, filter: told.expression };
  return { isSelected: false, filter: `its agents leave ${tag} out` };
}

export function isSelectedBy(
  { type, expression }: FilterExpression,
  properties: Readonly<Record<string, string>>,
): boolean | undefined {
  if (type === 'SQL92') return selectsMessage(expression, properties);
  const tags = tagsOf(expression);
  return tags === undefined || tags.includes(properties.TAGS ?? '');
}

function hasAgent({ announced }: LanePicture): boolean {
  return (valueIn(announced)?.length ?? 0) > 0;
}
