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
   * Their tags, by what one broker knows: as many questions as there are topics and canaries' groups, whatever the traffic.
   * @throws BrokerAdministrationError, RemotingError
   */
  on(link: OtherCanariesLink, broker: string, wanted: Wanted): Promise<string[]>;
}

/** How often it is asked for canaries that announce nothing, ms. */
const ASK_EVERY_MS = 3_000;

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

/** @param canariesOf the producer group in which a group's canaries announce themselves */
export function otherCanaries(canariesOf: (group: string) => string): OtherCanaries {
  /** Client ids that are, or were, those of processes that announce themselves, by broker and group; while they are listed. */
  const announced = new Map<string, ReadonlySet<string>>();

  return {
    async on(link, broker, { group, topics, key }) {
      const consuming = new Set((await Promise.all(topics.map(topic => link.groupsOf(topic)))).flat());
      const tags = [...consuming].flatMap(name => tagIn(group, name) ?? []);
      if (tags.length === 0) return [];
      const announcers = await link.announcers(canariesOf(group));
      const found = tags.map(async tag => {
        const its = canaryGroup(group, tag);
        const { members, filters } = await link.members(its);
        const place = `${broker} ${its}`;
        const before = announced.get(place);
        const isAnnounced = (member: Connected) =>
          before?.has(member.clientId) === true || announcers.some(announcer => isOfProcess(member, announcer));
        const ours = new Set(members.filter(isAnnounced).map(({ clientId }) => clientId));
        if (ours.size > 0) announced.set(place, ours);
        else announced.delete(place);
        const isOther = ({ clientId }: Connected) =>
          !isStandInId(clientId) && !isCanaryId(clientId) && !ours.has(clientId);
        const showsCondition = topics.some(topic => {
          const filter = filters[topic];
          return filter !== undefined && impliedTag(filter, key) === tag;
        });
        return showsCondition && members.some(isOther) ? [tag] : [];
      });
      return (await Promise.all(found)).flat();
    },
  };
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
