/** What brokers tell of the groups that a message is for. */

import { isInstanceTag } from '../../names/tag';
import type { Broker } from '../../rocketmq/administration/broker';
import type { BrokerAdministration } from '../../rocketmq/administration/broker-administration';
import type { Marker } from '../../rocketmq/hand-over/hand-over';
import { canaryGroup, copiesGroup, ownGroup } from '../../rocketmq/plan/group-name';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import { type Answer, isKnown, type Settle, valueIn } from '../cluster/answer';
import type { ClusterInspection } from '../cluster/cluster-inspection';
import type { StoredMessage } from '../cluster/stored-message';
import type { FoundMessage, LanePicture, Retry } from './message-picture';

export interface LaneQuestions {
  readonly inspection: ClusterInspection;
  readonly administration: BrokerAdministration;
  readonly settle: Settle;
  /** All that answer. */
  readonly brokers: readonly Broker[];
  /** By the baseline's group. */
  readonly markers: Answer<ReadonlyMap<string, readonly Marker[]>>;
}

type Lane = Pick<LanePicture, 'group' | 'baselineGroup' | 'tag' | 'isOwn' | 'isCopies'>;

/**
 * The groups of the baseline that consume the message's topic, or have, each with those of the message's own environment.
 *
 * @param named only these
 */
export async function lanesFor(
  found: FoundMessage,
  tag: string | undefined,
  named: readonly string[],
  asking: LaneQuestions,
): Promise<LanePicture[]> {
  const { inspection, settle } = asking;
  const { broker, message } = found;
  const all = valueIn(await settle(inspection.groupsOf(broker.address ?? '', message.topic))) ?? [];
  const marked = [...(valueIn(asking.markers) ?? new Map<string, readonly Marker[]>())];
  const canaries = new Set(
    marked.flatMap(([group, markers]) =>
      markers.flatMap(({ tag: marked }) => [
        canaryGroup(group, marked),
        ownGroup(group, marked),
        copiesGroup(group, marked),
      ]),
    ),
  );
  const copies = copiesIn(all);
  for (const { group } of copies) canaries.add(group);
  const ofTag = (group: string) => (tag === undefined ? [] : [canaryGroup(group, tag), ownGroup(group, tag)]);
  // A baseline's group that has never consumed there is known by its canary's.
  const behind = tag === undefined ? [] : all.flatMap(group => baselineBehind(group, tag) ?? []);
  const known = [...all, ...behind];
  for (const group of known) for (const canary of ofTag(group)) canaries.add(canary);
  const baselines = named.length > 0 ? named : [...new Set(known)].sort();
  const lanes = baselines
    .filter(group => named.length > 0 || !canaries.has(group))
    .flatMap((baselineGroup): Lane[] => {
      const baseline = { group: baselineGroup, baselineGroup, tag: undefined, isOwn: false, isCopies: false };
      if (tag === undefined) return [baseline, ...copies.filter(lane => lane.baselineGroup === baselineGroup)];
      const canary = { group: canaryGroup(baselineGroup, tag), baselineGroup, tag, isOwn: false, isCopies: false };
      const own = { group: ownGroup(baselineGroup, tag), baselineGroup, tag, isOwn: true, isCopies: false };
      return [baseline, canary, ...(all.includes(own.group) ? [own] : [])];
    });
  return Promise.all(lanes.map(lane => pictureOf(lane, found, tag, asking)));
}

/** The groups of copies among those that consume a topic, where their baseline's is among them, too. */
function copiesIn(groups: readonly string[]): Lane[] {
  return groups.flatMap(group => {
    const [, baselineGroup = '', tag = ''] = /^(.+)_([^_]+)__copies$/.exec(group) ?? [];
    const isOne = isInstanceTag(tag) && copiesGroup(baselineGroup, tag) === group && groups.includes(baselineGroup);
    return isOne ? [{ group, baselineGroup, tag, isOwn: false, isCopies: true }] : [];
  });
}

/** The name of the baseline's group, if a canary's of this tag is called like this. */
function baselineBehind(group: string, tag: string): string | undefined {
  for (const ending of [ownGroup('', tag), canaryGroup('', tag)]) {
    if (group.endsWith(ending) && group !== ending) return group.slice(0, -ending.length);
  }
  return undefined;
}

async function pictureOf(
  lane: Lane,
  found: FoundMessage,
  messageTag: string | undefined,
  asking: LaneQuestions,
): Promise<LanePicture> {
  const { inspection, administration, settle, markers } = asking;
  const { broker, message } = found;
  const address = broker.address ?? '';
  const { group, baselineGroup } = lane;
  const [settings, members, committed, retries, dead, announced] = await Promise.all([
    settle(administration.groupSettings(broker, group)),
    settle(inspection.members(address, group)),
    settle(administration.committedOffset(broker, group, message.topic, message.queueId)),
    settle(retriesOf(group, found, asking)),
    settle(again(`%DLQ%${group}`, found, asking).then(([newest]) => newest)),
    settle(announcedFor(lane, address, inspection)),
  ]);
  const marker: Answer<Marker | undefined> = isKnown(markers)
    ? { value: markers.value.get(baselineGroup)?.find(({ tag }) => tag === messageTag) }
    : markers;
  return { ...lane, settings, members, committed, retries, dead, announced, marker };
}

function announcedFor(
  { group, baselineGroup, tag }: Lane,
  address: string,
  inspection: ClusterInspection,
): Promise<AnnouncedProcess[]> {
  if (tag === undefined) return inspection.announcementsOf(address, 'baseline', group);
  return Promise.all([
    inspection.announcementsOf(address, 'canary', baselineGroup),
    inspection.announcementsOf(address, 'stand-in', group),
  ]).then(found => found.flat().filter(({ kind, announcer }) => kind === 'stand-in' || announcer.name === tag));
}

/** The broker's own topic for what is to be given out later, and how it names the times (MessageStoreConfig.java). */
const SCHEDULE_TOPIC = 'SCHEDULE_TOPIC_XXXX';
const DELAYS_S = [1, 5, 10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1_200, 1_800, 3_600, 7_200];

/** A message that failed is put into a topic of its group's: once more, with the same id. */
async function retriesOf(group: string, found: FoundMessage, asking: LaneQuestions): Promise<Retry[]> {
  const { topic } = found.message;
  // Of clients of the remoting protocol; of POP, and of POP with `enableRetryTopicV2`.
  const topics = [`%RETRY%${group}`, `%RETRY%${group}_${topic}`, `%RETRY%${group}+${topic}`];
  const [scheduled, ...given] = await Promise.all([
    again(SCHEDULE_TOPIC, found, asking),
    ...topics.map(name => again(name, found, asking)),
  ]);
  const taken = await Promise.all(given.flat().map(at => isTaken(group, at, asking)));
  const waiting = (scheduled ?? [])
    .filter(({ message }) => topics.includes(message.properties.REAL_TOPIC ?? ''))
    .map(at => ({ at, dueAt: dueAt(at), isTaken: false }));
  const retries = given.flat().map((at, index) => ({ at, dueAt: undefined, isTaken: taken[index] }));
  return [...waiting, ...retries].sort((one, other) => other.at.message.storedAt - one.at.message.storedAt);
}

function dueAt({ message }: FoundMessage): number | undefined {
  const seconds = DELAYS_S[Number(message.properties.DELAY) - 1];
  return seconds === undefined ? undefined : message.storedAt + 1_000 * seconds;
}

async function isTaken(
  group: string,
  { broker, message }: FoundMessage,
  { administration, settle }: LaneQuestions,
): Promise<boolean | undefined> {
  const { topic, queueId, queueOffset } = message;
  const committed = await settle(administration.committedOffset(broker, group, topic, queueId));
  return isKnown(committed) ? (committed.value ?? 0) > queueOffset : undefined;
}

/** The same message in another topic, the newest first. */
async function again(
  topic: string,
  { message }: FoundMessage,
  { brokers, inspection }: LaneQuestions,
): Promise<FoundMessage[]> {
  const { UNIQ_KEY: id, KEYS: keys } = message.properties;
  const [key] = keys?.split(' ') ?? [];
  if (id === undefined && !key)
    throw new Error('it has neither an id of its client nor a key, so it is not found there');
  const answers = await Promise.all(
    brokers.map(async broker => {
      const address = broker.address ?? '';
      const messages = await inspection.messagesBy(address, topic, id === undefined ? 'key' : 'id', id ?? key ?? '');
      // Keys are the application's: several messages may have the same.
      const isSame = ({ properties }: StoredMessage) =>
        id !== undefined || properties.ORIGIN_MESSAGE_ID === message.offsetId;
      return messages.filter(isSame).map(one => ({ broker, message: one }));
    }),
  );
  return answers.flat().sort((one, other) => other.message.storedAt - one.message.storedAt);
}
