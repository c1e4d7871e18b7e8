/** A canary's side of a hand-over: it says that it is there, and waits until nobody stands in for it any more. */
import { handOverLines } from '../../lines/hand-over';
import type { Log } from '../../log';
import type { Announcement } from '../presence/presence';
import type { Cluster } from './cluster';

export interface CanaryConsumer {
  readonly baselineGroup: string;
  readonly group: string;
  readonly tag: string;
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
  { baselineGroup, group, tag }: CanaryConsumer,
  topics: readonly string[],
  { markers, presence, runtime: { clock } }: Cluster,
  log: Log,
): Promise<Arrival> {
  // What was written down outlives this process: its backlog will be looked after.
  if (!(await markers.write(baselineGroup, { tag, phase: 'managed', at: clock.systemTime(), topics }))) {
    log.say(handOverLines.markerNotTaken, { canaryGroup: group, tag });
  }
  const announcement: Announcement = await presence.announceCanary(baselineGroup, tag, topics);
  const { refusal } = announcement;
  if (refusal !== undefined) log.say(handOverLines.announcementRefused, { canaryGroup: group, tag, refusal });
  const roomIn = async (asked: readonly string[]): Promise<void> => {
    const end = clock.now() + LONGEST_WAIT_MS;
    for (;;) {
      const standIns = await presence.standIns(group, asked);
      if (standIns === undefined || standIns === 0) return;
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
