/** A canary's side of a hand-over: it says that it is there, and waits until nobody stands in for it any more. */
import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';
import { offsetsOnEveryQueue } from '../administration/canary-offsets';
import type { Beginning } from '../plan/subscription';
import type { Announcement } from '../presence/presence';
import { baselineBehind } from './baseline-behind';
import type { Cluster } from './cluster';

export interface CanaryConsumer {
  readonly baselineGroup: string;
  readonly group: string;
  readonly tag: string;
  readonly beginning?: Beginning | undefined;
}

export interface Arrival {
  /** Resolves when no baseline process stands in for it in these topics, or after some seconds. Never rejects. */
  roomIn(topics: readonly string[]): Promise<void>;
  /** It is there no longer. Never rejects. */
  leave(): Promise<void>;
}

/** For stand-ins that hang: a canary that is late is worse than one whose first messages are handled twice. */
const LONGEST_WAIT_MS = 5_000;
const ASK_AGAIN_MS = 250;

/**
 * Announces a canary's consumer, whose group is ready, and resolves when it may start: when no baseline process stands in
 * for it, or after some seconds. Never rejects.
 *
 * @param cluster closed by the caller, once the consumer has left
 */
export async function arrive(
  canary: CanaryConsumer,
  topics: readonly string[],
  cluster: Cluster,
  log: Log,
): Promise<Arrival> {
  const { baselineGroup, group, tag } = canary;
  const { presence } = cluster;
  const { clock } = cluster.runtime;
  await writeMarker(canary, topics, cluster, log);
  const announcement: Announcement = await presence.announceCanary(baselineGroup, tag, topics);
  const { refusal } = announcement;
  if (refusal !== undefined) log.say(handOverLines.announcementRefused, { canaryGroup: group, tag, refusal });
  const roomIn = async (asked: readonly string[]): Promise<void> => {
    const end = clock.now() + LONGEST_WAIT_MS;
    for (;;) {
      const standIns = (await presence.standIns(group, asked))?.size ?? 0;
      if (standIns === 0) return;
      if (clock.now() >= end) {
        log.say(handOverLines.startsBesideStandIns, { canaryGroup: group, standIns, seconds: LONGEST_WAIT_MS / 1000 });
        return;
      }
      await clock.sleep(ASK_AGAIN_MS);
    }
  };
  await roomIn(topics);
  return {
    roomIn,
    leave: () => announcement.withdraw(),
  };
}

/** What is written down outlives this process: its backlog will be looked after, and baseline processes leave it alone. */
async function writeMarker(
  canary: CanaryConsumer,
  topics: readonly string[],
  cluster: Cluster,
  log: Log,
): Promise<void> {
  const { baselineGroup, group, tag } = canary;
  const { markers, runtime } = cluster;
  const ready = await topicsWithoutGap(canary, topics, cluster);
  // The baseline writes the others down itself, once it has come to where the group stood.
  if (ready.length === 0 && topics.length > 0) return;
  const marker = { tag, phase: 'managed', at: runtime.clock.systemTime(), topics: ready } as const;
  if (!(await markers.write(baselineGroup, marker))) log.say(handOverLines.markerNotTaken, { canaryGroup: group, tag });
}

/**
 * The topics in which the baseline may leave its messages to it at once. A canary of another agent may have been in the group
 * before, and may have begun ahead of where the baseline stands.
 */
async function topicsWithoutGap(
  { baselineGroup, group, tag, beginning }: CanaryConsumer,
  topics: readonly string[],
  { administration, markers }: Cluster,
): Promise<string[]> {
  const marker = (await markers.read(baselineGroup))?.find(({ tag: other }) => other === tag);
  const inUse = new Set(marker?.phase === 'retired' ? [] : marker?.topics);
  const behind = baselineBehind(administration, baselineGroup, beginning);
  const hasGap = async (topic: string): Promise<boolean> => {
    const offsets = await offsetsOnEveryQueue({ administration, canaryGroup: group }, topic);
    return offsets !== undefined && behind.isBehind(tag, topic, offsets);
  };
  const ready = topics.map(async topic => {
    // Of a broker that is away nothing is known; on the others its group is ready.
    const isGap = !inUse.has(topic) && (await hasGap(topic).catch(() => false));
    return isGap ? [] : [topic];
  });
  return (await Promise.all(ready)).flat();
}
