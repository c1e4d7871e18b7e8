/** The source of a hand-over where name servers and brokers can be reached: announcements, markers, offsets. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../log';
import { BrokerAdministrationError } from '../administration/broker-administration';
import { type CanaryGroupError, offsetsOnEveryQueue, prepareCanaryGroup } from '../administration/canary-group';
import { endOf, hasPassed, type QueuePositions } from '../administration/group-progress';
import { canaryGroup } from '../plan/group-name';
import { formerUseOf } from './canary-marker';
import { type ClusterServers, openCluster } from './cluster';
import type { SteeredIntake } from './intake';
import type { HandOverSource } from './source';

/** How often a group is asked whether it has got there, ms. */
const DRAINED_MS = 3_000;

export function brokerSource(plan: SteeredIntake, servers: ClusterServers, log: Log): HandOverSource {
  const group = plan.baselineGroup;
  const groupOf = (tag: string) => canaryGroup(group, tag);
  const { administration, markers, presence, close } = openCluster(servers);
  /** Of each topic, the queues that it had when it was covered last: a number for each broker. */
  const covered = new Map<string, ReadonlyMap<string, number>>();

  async function queuesOf(topics: readonly string[]): Promise<Map<string, ReadonlyMap<string, number>>> {
    const found = topics.map(async topic => {
      const hosts = await administration.queuesOf(topic);
      return [topic, new Map(hosts.map(({ broker, queues }) => [broker, queues]))] as const;
    });
    return new Map(await Promise.all(found));
  }

  return {
    joinsFirst: false,
    canaries: (topics, tags) => presence.canaries(group, topics, tags),
    markers: () => markers.read(group),
    async mark(marker) {
      await markers.write(group, marker);
    },

    async cover(tag, topics, isDeclared) {
      const queues = await queuesOf(topics);
      const former = await formerUseOf(administration, group, tag);
      const isInUse = topics.every(topic => former(topic) === 'in use');
      // What was given up begins where it stood: only its canary, before it says that it is there, may pass over messages.
      const formerUse = (topic: string) => (former(topic) === 'in use' ? ('in use' as const) : undefined);
      const { beginning } = plan;
      const prepared = {
        administration,
        baselineGroup: group,
        canaryGroup: groupOf(tag),
        topics,
        beginning,
        formerUse,
      };
      const away = await prepareCanaryGroup(prepared).then(
        () => new Set<string>(),
        // What is in use has its offsets on a broker that is away for a while; the others go on without it.
        error => (isInUse ? awayBrokers(error) : Promise.reject(error)),
      );
      // Written down before anything is left out: whoever comes after this process must know.
      const isMarked = await markers.write(group, { tag, phase: 'managed', at: Date.now(), topics });
      if (!isMarked && !isDeclared) return [];
      const checked = topics.map(async topic => {
        const offsets = await offsetsOnEveryQueue({ administration, canaryGroup: groupOf(tag) }, topic, away);
        if (offsets === undefined) return [];
        plan.covered(topic, tag, offsets);
        // Once they are back they count as new ones.
        const known = [...(queues.get(topic) ?? [])].filter(([broker]) => !away.has(broker));
        if (!covered.has(topic) || away.size > 0) covered.set(topic, new Map(known));
        return [topic];
      });
      return (await Promise.all(checked)).flat();
    },
    async grownTopics() {
      const grown: string[] = [];
      for (const [topic, now] of await queuesOf([...covered.keys()])) {
        const before = covered.get(topic);
        if (before === undefined) continue;
        // A broker that comes back counts as well: it may have lost what it had not yet written.
        covered.set(topic, now);
        if ([...now].some(([broker, count]) => count > (before.get(broker) ?? 0))) grown.push(topic);
      }
      return grown;
    },
    forgetTopic: topic => void covered.delete(topic),

    async drained(tag, topics, isOver) {
      const asked = { administration, canaryGroup: groupOf(tag), topics };
      let ends: QueuePositions | undefined;
      while (!isOver()) {
        try {
          ends ??= await endOf(asked);
          const isDeclared = (await hasPassed(asked, ends))
            ? await presence.isDeclared(groupOf(tag), topics)
            : undefined;
          if (isDeclared !== undefined) return isDeclared;
        } catch (error) {
          log.debug(`${groupOf(tag)}: how far it has got is not known: ${(error as Error).message}`);
        }
        await sleep(DRAINED_MS, undefined, { ref: false });
      }
      return undefined;
    },

    otherStandIns: (tag, topics) => presence.standIns(groupOf(tag), topics),
    announceStandIn: (tag, topics) => presence.announceStandIn(groupOf(tag), topics),
    announceDeclared: (tag, topics) => presence.announceDeclared(groupOf(tag), topics),
    announceBaseline: topics => presence.announceBaseline(group, topics),
    close,
  };
}

/** The brokers on which a group could not be made ready, where all of them just do not answer. @throws the error itself */
function awayBrokers(error: unknown): Set<string> {
  const { failures = [] } = error as Partial<CanaryGroupError>;
  if (failures.length === 0 || failures.some(({ error }) => isRefusal(error))) throw error;
  return new Set(failures.map(({ broker }) => broker.name));
}

function isRefusal(error: unknown): boolean {
  return error instanceof BrokerAdministrationError && error.code !== undefined;
}
