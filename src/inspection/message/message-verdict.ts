/** What became of a message, in plain sentences. Pure. */
import { ago, plural } from '../cluster/amounts';
import { type Answer, isKnown, valueIn } from '../cluster/answer';
import { fateOf, type LaneFate } from './message-fate';
import type { LanePicture, MessagePicture } from './message-picture';

/** Ms: what is older may have been consumed under other filters. */
const OLD_MS = 600_000;

/** One sentence or two for each of the baseline's groups, and one for a message without a tag. */
export function verdictOn(picture: MessagePicture, now: number): string[] {
  const { found, tag, lanes } = picture;
  const copies = lanes.filter(({ isCopies }) => isCopies);
  const sentences = lanes
    .filter(lane => lane.tag === undefined)
    .map(baseline => {
      const canaries = lanes.filter(
        lane => lane.tag !== undefined && !lane.isCopies && lane.baselineGroup === baseline.group,
      );
      return verdictOfGroup(picture, baseline, canaries, now);
    });
  if (lanes.length === 0) sentences.push(`No group consumes ${found.message.topic}, and none has.`);
  sentences.push(...copies.map(lane => aboutCopy(picture, lane, now)));
  if (tag === undefined) sentences.push(untagged(picture));
  const age = now - found.message.storedAt;
  if (lanes.length > 0 && age > OLD_MS) {
    sentences.push(`The message is ${ago(age)} old. Filters are those of now: they may have been others then.`);
  }
  return sentences;
}

function untagged({ found }: MessagePicture): string {
  const { bornHost } = found.message;
  return `It has no tag: it was sent for the baseline. If the request was a canary's, the producer at ${bornHost} or a service before it runs without the agent.`;
}

function verdictOfGroup(
  picture: MessagePicture,
  baseline: LanePicture,
  canaries: readonly LanePicture[],
  now: number,
): string {
  const own = fateOf(picture, baseline);
  const others = canaries.map(lane => ({ lane, ...fateOf(picture, lane) }));
  // Where neither has it, the canary's group is where it was to go.
  const main = others.find(({ fate }) => !isIdle(fate)) ?? others[0];
  if (main === undefined || main.fate === 'none') {
    const missing = main === undefined ? '' : `${main.lane.group} is not there. `;
    return missing + aboutBaseline(picture, baseline, own, now);
  }
  const first = aboutCanary(picture, main.lane, main, now);
  const isTwice = main.fate === 'taken' && own.fate === 'taken';
  if (isTwice) return `Handled twice: ${first} ${aboutBaseline(picture, baseline, own, now)}`;
  return `${first} ${aboutBaseline(picture, baseline, own, now)}`;
}

function isIdle(fate: LaneFate['fate']): boolean {
  return fate === 'none' || fate === 'skipped' || fate === 'unknown';
}

function aboutCanary(picture: MessagePicture, lane: LanePicture, { fate }: LaneFate, now: number): string {
  const { group, tag } = lane;
  const there = whoIsThere(lane);
  switch (fate) {
    case 'taken':
      return `Handled by ${lane.isOwn ? `the canary ${tag}` : `the canary ${tag} or the baseline's stand-in`}: ${group} has passed it${there === '' ? '' : ` (now in it: ${there})`}.`;
    case 'waiting':
      return `It waits in ${group}, behind ${behind(picture, lane)}: ${there === '' ? 'nobody is in it' : `in it: ${there}`}.`;
    case 'skipped':
      return `${group} skipped it: its filter does not select it.`;
    case 'passed':
      return `${group} has passed it. ${unknownOf(lane)}`;
    default:
      return failed(lane, fate, now);
  }
}

/** A canary that gets copies of what is the baseline's: of those that are sent while it is there. */
function aboutCopy(picture: MessagePicture, lane: LanePicture, now: number): string {
  const { group, tag } = lane;
  const { fate } = fateOf(picture, lane);
  const there = whoIsThere(lane);
  switch (fate) {
    case 'taken':
      return `The canary ${tag} got a copy of it, if it was there when it was sent: ${group} has passed it.`;
    case 'waiting':
      return there === ''
        ? `No copy of it is kept for the canary ${tag}: nobody is in ${group}.`
        : `A copy of it waits for the canary ${tag} in ${group}, behind ${behind(picture, lane)}.`;
    case 'skipped':
    case 'passed':
    case 'none':
      return `Whether the canary ${tag} got a copy of it is not known: ${group} has passed it, or begins behind it.`;
    default:
      return `A copy for the canary ${tag}: ${failed(lane, fate, now)}`;
  }
}

function aboutBaseline(picture: MessagePicture, lane: LanePicture, { fate, filter }: LaneFate, now: number): string {
  const { group } = lane;
  switch (fate) {
    case 'taken':
      return `The baseline handled it: ${group} has passed it.`;
    case 'skipped':
      return filter.startsWith('its agents')
        ? `${group} skipped it: ${filter}.`
        : `${group} skipped it: its filter (${filter}) leaves it out.`;
    case 'passed':
      return filter.endsWith('may take it')
        ? `${group} has passed it: ${filter}, so it may have been handled twice.`
        : `${group} has passed it. ${unknownOf(lane)}`;
    case 'waiting': {
      const there = whoIsThere(lane);
      return `${group} has not come to it, ${behind(picture, lane)} are before it${there === '' ? ', and nobody is in it' : ''}.`;
    }
    case 'none':
      return `${group} has never consumed there.`;
    default:
      return failed(lane, fate, now);
  }
}

function failed({ group, retries, dead, committed }: LanePicture, fate: LaneFate['fate'], now: number): string {
  const [retry] = valueIn(retries) ?? [];
  const times = plural(retry?.at.message.reconsumeTimes ?? valueIn(dead)?.message.reconsumeTimes ?? 0, 'time');
  if (fate === 'dead') return `Its handling failed ${times} in ${group}: it is in %DLQ%${group}.`;
  if (fate === 'retried') {
    const due = retry?.dueAt;
    const when = due === undefined || due <= now ? 'it waits to be taken again' : `it comes again in ${ago(due - now)}`;
    return `Its handling failed ${times} in ${group}: ${when}.`;
  }
  return `What ${group} did with it is not known${isKnown(committed) ? '' : `: ${committed.problem}`}.`;
}

function unknownOf({ retries, dead }: LanePicture): string {
  const problem = problemIn(retries) ?? problemIn(dead);
  if (problem !== undefined) return `Whether its handling failed is not known: ${problem}.`;
  return 'Whether it handled or skipped it is not known.';
}

function problemIn(answer: Answer<unknown>): string | undefined {
  return isKnown(answer) ? undefined : answer.problem;
}

/** How many messages, of all environments, a group has before it. */
function behind({ found }: MessagePicture, { committed }: LanePicture): string {
  return plural(Math.max(0, found.message.queueOffset - (valueIn(committed) ?? 0)), 'message');
}

function whoIsThere({ members }: LanePicture): string {
  if (!isKnown(members)) return 'not known';
  const standIns = members.value.members.filter(({ isStandIn }) => isStandIn).length;
  const others = members.value.members.length - standIns;
  return [
    ...(others > 0 ? [plural(others, 'consumer')] : []),
    ...(standIns > 0 ? [plural(standIns, 'stand-in')] : []),
  ].join(' and ');
}
