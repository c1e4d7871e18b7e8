/**
 * Canaries that announce nothing, since another agent made them what they are, or nobody did: whoever consumes in a canary's
 * group is its canary, if its subscription shows the condition of the tag. They are found by who consumes the topics.
 */
import { isInstanceTag } from '../../names/tag';
import { canaryGroup } from '../plan/group-name';
import { impliedTag } from '../plan/implied-tag';
import type { Clock } from '../remoting/clock';
import { parseAnnouncer } from './announcement-name';
import type { BrokerLink, Connected } from './broker-link';
import type { BrokerQuestions } from './broker-questions';
import { isCanaryId, isStandInId } from './consumer-client-id';
import { whoIsThere } from './memory';
import type { WatchedClusters } from './watched-clusters';

/** Of a baseline group. */
export interface Wanted {
  readonly group: string;
  readonly topics: readonly string[];
  /** The property that conditions are on. */
  readonly key: string;
}

export interface OtherCanaries {
  /**
   * Their tags, by what one broker knows. It is asked for the groups of each topic, and about a part of those with the names of
   * canaries: a broker goes on listing those of canaries that are long gone.
   * @throws BrokerAdministrationError, RemotingError
   */
  on(link: OtherCanariesLink, broker: string, wanted: Wanted): Promise<string[]>;
}

/** How often it is asked for canaries that announce nothing, ms. */
const ASK_EVERY_MS = 3_000;
/**
 * So many groups in which there was none are looked at each time, in turn: of hundreds in each process of a baseline a broker
 * would be asked thousands of times a second.
 */
const IN_TURN = 20;
/** So often each time for consumers of canaries that have just announced themselves: some connect a little later. */
const MOST_LOOKS = 5;

interface Asking {
  readonly clusters: WatchedClusters;
  readonly questions: BrokerQuestions;
  readonly clock: Pick<Clock, 'now'>;
}

/** Asks the masters of the cluster; within some seconds the answer is the former one. */
export function otherCanariesOf(
  { clusters, questions, clock }: Asking,
  canariesOf: (group: string) => string,
): (wanted: Wanted) => Promise<ReadonlySet<string>> {
  const { on } = otherCanaries(canariesOf);
  const answers = new Map<string, { readonly at: number; readonly tags: Promise<ReadonlySet<string>> }>();

  async function ask(name: string, wanted: Wanted): Promise<ReadonlySet<string>> {
    const servers = (await clusters.of(wanted.topics)?.brokers.current()) ?? [];
    const masters = servers.filter(({ isReplica }) => !isReplica);
    const asked = masters.map(broker => questions.ask(broker, name, link => on(link, broker.name, wanted)));
    return whoIsThere(await Promise.all(asked), clock.now()).names;
  }

  return wanted => {
    const name = `others ${JSON.stringify(wanted)}`;
    const known = answers.get(name);
    const now = clock.now();
    if (known !== undefined && now - known.at < ASK_EVERY_MS) return known.tags;
    const tags = ask(name, wanted);
    answers.set(name, { at: now, tags });
    return tags;
  };
}

export type OtherCanariesLink = Pick<BrokerLink, 'groupsOf' | 'members' | 'announcers'>;

/** What the last look at a canary's group has shown. */
interface Looked {
  /** A canary that announces nothing was there. */
  readonly isOther: boolean;
  /** Client ids that are, or were, those of processes that announce themselves; while they are listed. */
  readonly ours: ReadonlySet<string>;
  /** The ids of those who announced themselves as canaries of the tag. */
  readonly announcers: string;
  /** How often it was looked while these announced themselves. */
  readonly times: number;
}

/** @param canariesOf the producer group in which a group's canaries announce themselves */
export function otherCanaries(canariesOf: (group: string) => string): OtherCanaries {
  /** By tag, for each broker and what is wanted; those that were looked at last come last. */
  const looks = new Map<string, Map<string, Looked>>();

  return {
    async on(link, broker, { group, topics, key }) {
      const consuming = new Set((await Promise.all(topics.map(topic => link.groupsOf(topic)))).flat());
      const tags = new Set([...consuming].flatMap(name => tagIn(group, name) ?? []));
      const place = JSON.stringify([broker, group, topics, key]);
      const looked = new Map([...(looks.get(place) ?? [])].filter(([tag]) => tags.has(tag)));
      looks.set(place, looked);
      if (tags.size === 0) return [];
      const announcers = await link.announcers(canariesOf(group));
      const found = toLookAt(tags, looked, announcers).map(async tag => {
        const { members, filters } = await link.members(canaryGroup(group, tag));
        const before = looked.get(tag);
        const isOurs = (member: Connected) =>
          before?.ours.has(member.clientId) === true || announcers.some(announcer => isOfProcess(member, announcer));
        const ours = new Set(members.filter(isOurs).map(({ clientId }) => clientId));
        const isStranger = ({ clientId }: Connected) =>
          !isStandInId(clientId) && !isCanaryId(clientId) && !ours.has(clientId);
        const showsCondition = topics.some(topic => {
          const filter = filters[topic];
          return filter !== undefined && impliedTag(filter, key) === tag;
        });
        const isOther = showsCondition && members.some(isStranger);
        const names = announcersOf(tag, announcers);
        const times = before?.announcers === names ? before.times + 1 : 1;
        looked.delete(tag);
        looked.set(tag, { isOther, ours, announcers: names, times });
      });
      await Promise.all(found);
      return [...looked].filter(([, { isOther }]) => isOther).map(([tag]) => tag);
    },
  };
}

/** New groups, those in which one was, those whose canaries have changed, and some of the others, who have waited longest. */
function toLookAt(
  tags: ReadonlySet<string>,
  looked: ReadonlyMap<string, Looked>,
  announcers: readonly Connected[],
): string[] {
  const present = new Set(announcers.map(({ clientId }) => clientId.split('@', 1)[0]));
  const isDue = (tag: string) => {
    const last = looked.get(tag);
    if (last === undefined || last.isOther) return true;
    if (!present.has(tag)) return false;
    if (last.announcers !== announcersOf(tag, announcers)) return true;
    // What its consumers are called is not known yet. Those at a proxy are not seen at a broker at all.
    return last.ours.size === 0 && last.times < MOST_LOOKS;
  };
  const due = [...tags].filter(isDue);
  const others = [...looked.keys()].filter(tag => !due.includes(tag));
  return [...due, ...others.slice(0, IN_TURN)];
}

function announcersOf(tag: string, announcers: readonly Connected[]): string {
  const its = announcers.filter(({ clientId }) => clientId.startsWith(`${tag}@`));
  return its
    .map(({ clientId }) => clientId)
    .sort()
    .join();
}

/** The tag of a group that is named as a canary's of `group`. Names alone prove nothing. */
function tagIn(group: string, name: string): string | undefined {
  const tag = name.slice(group.length + 1);
  return name === canaryGroup(group, tag) && isInstanceTag(tag) ? tag : undefined;
}

/** Whether a consumer is of the process that announced this: clients have its id in theirs, and one of two names of its host. */
function isOfProcess({ clientId, address }: Connected, announcement: Connected): boolean {
  const announcer = parseAnnouncer(announcement.clientId);
  if (announcer === undefined) return false;
  const { host, pid } = announcer;
  const isOnHost = clientId.startsWith(`${host}@`) || hostOf(address) === hostOf(announcement.address);
  return isOnHost && clientId.split(/[@#]/).includes(`${pid}`);
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}
