/** What the answers of a cluster make of a fleet. Pure. */
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import { type Answer, isKnown, valueIn } from '../cluster/answer';
import type { Member } from '../cluster/group-members';
import { areApart, byProxies, unseenByBrokers } from '../cluster/proxies';
import type { BrokerAnswers, FleetAnswers } from './fleet-answers';
import type { Environment, Fleet, Group, Instance, TakenBy } from './fleet-shape';
import { isOwnTopic, type Lane, lanesOf, topicsOf } from './lanes';

export function fleetOf(answers: FleetAnswers): Fleet {
  const { at, question, brokers, proxies } = answers;
  const processes = uniqueProcesses(brokers);
  const groups = lanesOf(answers)
    .map(lane => groupOf(lane, answers, processes))
    // A tag that is given up, and where nobody is, is the baseline's again.
    .filter(({ phase, takenBy }) => phase !== 'retired' || takenBy !== 'nobody');
  const wanted = processes.filter(process => groups.some(group => concerns(process, group)));
  const topics = [...new Set(groups.flatMap(group => group.topics.map(({ topic }) => topic)))].sort();
  return {
    at,
    namesrv: question.namesrv,
    brokers: brokers.map(({ broker, release }) => ({
      name: broker.name,
      cluster: broker.cluster,
      address: broker.address ?? null,
      release: valueIn(release) ?? null,
      problem: isKnown(release) ? null : release.problem,
    })),
    proxies: (proxies?.asked ?? []).map(({ address, members }) => ({
      address,
      problem: [...members.values()].flatMap(answer => (isKnown(answer) ? [] : [answer.problem]))[0] ?? null,
    })),
    environments: environmentsOf(groups, [...wanted, ...processes.filter(({ kind }) => kind === 'settings')]),
    groups,
    topics: topics.map(topic => ({
      topic,
      putPerSecond: total(brokers.filter(isThere).map(({ put }) => put.get(topic) ?? { value: 0 })),
    })),
    problems: problemsOf(answers),
  };
}

function isThere({ release }: BrokerAnswers): boolean {
  return isKnown(release);
}

/** The sum; null when one of them is not known. */
function total(answers: readonly Answer<number>[]): number | null {
  let sum = 0;
  for (const answer of answers) {
    if (!isKnown(answer)) return null;
    sum += answer.value;
  }
  return answers.length === 0 ? null : rounded(sum);
}

/** The same announcement is on every broker. */
function uniqueProcesses(brokers: readonly BrokerAnswers[]): AnnouncedProcess[] {
  const all = new Map<string, AnnouncedProcess>();
  for (const { announcements } of brokers) {
    for (const process of valueIn(announcements) ?? []) {
      const { kind, group, announcer } = process;
      all.set([kind, group, announcer.name, announcer.host, announcer.pid].join(' '), process);
    }
  }
  return [...all.values()];
}

function concerns(
  { kind, group, announcer }: AnnouncedProcess,
  lane: Pick<Group, 'group' | 'baselineGroup'> & { readonly tag: string | null | undefined },
): boolean {
  const tag = lane.tag ?? null;
  if (kind === 'settings') return false;
  if (kind === 'canary') return lane.baselineGroup === group && tag === announcer.name;
  return kind === 'baseline' ? lane.group === group && tag === null : lane.group === group && tag !== null;
}

function groupOf(
  lane: Lane,
  { brokers, proxies }: Pick<FleetAnswers, 'brokers' | 'proxies'>,
  processes: readonly AnnouncedProcess[],
): Group {
  const { group, baselineGroup, tag, marker } = lane;
  const answers = brokers.filter(isThere).flatMap(broker => broker.groups.get(group) ?? []);
  const members = new Map<string, Member>();
  const filters = new Map<string, FilterExpression>();
  for (const answer of [...answers.map(({ members }) => members), ...byProxies(proxies, group)]) {
    const of = valueIn(answer);
    for (const member of of?.members ?? []) members.set(member.clientId, member);
    for (const [topic, filter] of Object.entries(of?.filters ?? {})) filters.set(topic, filter);
  }
  const waiting = (isCounted: (topic: string) => boolean) =>
    total(
      answers.map(({ stats }) =>
        isKnown(stats)
          ? {
              value: stats.value.queues
                .filter(({ topic }) => isCounted(topic))
                .reduce((sum, { end, committed }) => sum + Math.max(0, end - committed), 0),
            }
          : stats,
      ),
    );
  const topics = topicsOf(answers, marker).map(name => ({
    topic: name,
    filter: filters.get(name)?.expression ?? null,
    backlog: waiting(topic => topic === name),
    takenPerSecond: total(answers.map(({ taken }) => taken.get(name) ?? { value: 0 })),
  }));
  const isSeenByBrokers = answers.length > 0 && answers.every(answer => isKnown(answer.members));
  const isAsked = isSeenByBrokers && unseenByBrokers(proxies, group) === undefined;
  // Where all are known who are connected, whoever is not takes nothing, whatever he announces.
  const heard = isAsked && !areApart(proxies) ? [] : processes;
  const there = takersOf([...members.values()], heard, lane);
  return {
    group,
    baselineGroup,
    tag: tag ?? null,
    takenBy: takenBy(there, isAsked),
    ...there,
    members: [...members.values()],
    isAnnounced: tag === undefined ? null : isAnnounced(lane, processes),
    phase: marker?.phase ?? null,
    markedAt: marker?.at ?? null,
    isDeclared: processes.some(process => process.kind === 'declared' && process.group === group),
    topics,
    backlog: waiting(() => true),
    retries: waiting(isOwnTopic),
    takenPerSecond: sum(topics.map(({ takenPerSecond }) => takenPerSecond)),
  };
}

function isAnnounced({ baselineGroup, tag }: Lane, processes: readonly AnnouncedProcess[]): boolean {
  return processes.some(
    ({ kind, group, announcer }) => kind === 'canary' && group === baselineGroup && announcer.name === tag,
  );
}

/** By who is connected; of whom nobody says it, by the processes that announce themselves. */
function takersOf(
  members: readonly Member[],
  processes: readonly AnnouncedProcess[],
  lane: Pick<Group, 'group' | 'baselineGroup'> & Pick<Lane, 'tag'>,
): Pick<Group, 'consumers' | 'standIns'> {
  const standIns = members.filter(({ isStandIn }) => isStandIn).length;
  const consumers = members.length - standIns;
  const announced = (wanted: AnnouncedProcess['kind']) =>
    processes.filter(process => process.kind === wanted && concerns(process, lane)).length;
  return {
    consumers: consumers > 0 ? consumers : announced(lane.tag === undefined ? 'baseline' : 'canary'),
    standIns: standIns > 0 ? standIns : announced('stand-in'),
  };
}

function takenBy({ consumers, standIns }: Pick<Group, 'consumers' | 'standIns'>, isAsked: boolean): TakenBy {
  if (consumers + standIns === 0) return isAsked ? 'nobody' : 'unknown';
  if (standIns === 0) return 'consumers';
  return consumers === 0 ? 'stand-ins' : 'both';
}

/** null when one of them is not known. */
function sum(values: readonly (number | null)[]): number | null {
  let all = 0;
  for (const value of values) {
    if (value === null) return null;
    all += value;
  }
  return rounded(all);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function environmentsOf(groups: readonly Group[], processes: readonly AnnouncedProcess[]): Environment[] {
  const tags = [...new Set(groups.map(({ tag }) => tag))].sort((a, b) => (a ?? '').localeCompare(b ?? ''));
  return tags.map(tag => {
    const own = groups.filter(group => group.tag === tag);
    return {
      tag,
      instances: instancesOf(tag, processes),
      standIns: own.reduce((count, { standIns }) => count + standIns, 0),
      groups: own.length,
      backlog: sum(own.map(({ backlog }) => backlog)),
      takenPerSecond: sum(own.map(({ takenPerSecond }) => takenPerSecond)),
    };
  });
}

function instancesOf(tag: string | null, processes: readonly AnnouncedProcess[]): Instance[] {
  const all = new Map<
    string,
    { host: string; pid: number; version: string | null; in: Set<string>; for: Set<string> }
  >();
  const settings = new Map(
    processes.flatMap(({ kind, group, announcer: { host, pid } }) =>
      kind === 'settings' ? [[`${host} ${pid}`, group] as const] : [],
    ),
  );
  for (const { kind, group, announcer } of processes) {
    if (kind === 'settings') continue;
    const isOfEnvironment = tag === null ? kind !== 'canary' : kind === 'canary' && announcer.name === tag;
    if (!isOfEnvironment) continue;
    const { host, pid, version } = announcer;
    const key = `${host} ${pid}`;
    const instance = all.get(key) ?? { host, pid, version: version ?? null, in: new Set(), for: new Set() };
    all.set(key, instance);
    if (kind === 'baseline' || kind === 'canary') instance.in.add(group);
    if (kind === 'stand-in') instance.for.add(group);
  }
  return [...all.values()]
    .map(({ host, pid, version, in: groups, for: standsInFor }) => ({
      host,
      pid,
      version,
      settings: settings.get(`${host} ${pid}`) ?? null,
      groups: [...groups].sort(),
      standsInFor: [...standsInFor].sort(),
    }))
    .sort((a, b) => a.host.localeCompare(b.host) || a.pid - b.pid);
}

function problemsOf({ nameServers, markers, brokers, proxies }: FleetAnswers): string[] {
  const problems = nameServers.flatMap(({ brokers }) => (isKnown(brokers) ? [] : [brokers.problem]));
  if (!isKnown(markers) && nameServers.some(({ brokers }) => isKnown(brokers))) {
    problems.push(`which canaries there were is not known: ${markers.problem}`);
  }
  const unseen = [...(brokers[0]?.groups.keys() ?? [])].map(group => unseenByBrokers(proxies, group)?.problem);
  problems.push(...unseen.flatMap(problem => problem ?? []));
  for (const { broker, release, announcements, isListed, groups } of brokers) {
    if (!isKnown(release)) {
      problems.push(release.problem);
      continue;
    }
    if (!isKnown(announcements)) problems.push(`who announces himself is not known: ${announcements.problem}`);
    if (!isListed) {
      problems.push(
        `${broker.name} (${release.value ?? 'of an unknown release'}) cannot list announcements: only groups with a marker are shown, and those that --group names`,
      );
    }
    for (const { members, stats } of groups.values()) {
      const answers: readonly Answer<unknown>[] = [members, stats];
      for (const answer of answers) if (!isKnown(answer)) problems.push(answer.problem);
    }
  }
  return [...new Set(problems)];
}
