/** What the answers of a cluster make of a fleet. Pure. */
import type { Marker } from '../../rocketmq/hand-over/hand-over';
import type { FilterExpression } from '../../rocketmq/plan/filter-expression';
import { inNaturalOrder } from '../cluster/amounts';
import type { AnnouncedProcess } from '../cluster/announced-processes';
import { type Answer, isKnown, valueIn } from '../cluster/answer';
import type { DeadLetters } from '../cluster/dead-letters';
import { type Member, tellsAtStartOnly } from '../cluster/group-members';
import { areApart, byProxies, unseenByBrokers } from '../cluster/proxies';
import { problemsOf, worstFirst } from '../problems/problems';
import { stateOf } from '../problems/together';
import type { BrokerAnswers, FleetAnswers } from './fleet-answers';
import { familiesOf } from './fleet-families';
import type { Environment, Fleet, Group, Instance, TakenBy } from './fleet-shape';
import { folded, isLasting } from './folding';
import { type Lane, lanesOf, topicsOf } from './lanes';
import { unansweredOf } from './unanswered';

export function fleetOf(answers: FleetAnswers): Fleet {
  const { at, question, brokers, proxies } = answers;
  const processes = uniqueProcesses(brokers);
  const lanes = lanesOf(answers);
  const groups = folded(
    lanes
      .map(lane => groupOf(lane, answers, processes))
      // A tag that is given up, and where nobody is, is the baseline's again.
      .filter(({ phase, takenBy }) => question.withGivenUp === true || phase !== 'retired' || takenBy !== 'nobody'),
    at,
  );
  const wanted = processes.filter(process => groups.some(group => concerns(process, group)));
  const topics = [...new Set(groups.flatMap(group => group.topics.map(({ topic }) => topic)))].sort(inNaturalOrder);
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
    problems: worstFirst(
      familiesOf(answers, lanes, processes).flatMap(family => problemsOf(family).filter(isLasting(groups))),
    ),
    ...unansweredOf(answers),
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
  { brokers, proxies, markers }: Pick<FleetAnswers, 'brokers' | 'proxies' | 'markers'>,
  processes: readonly AnnouncedProcess[],
): Group {
  const { group, baselineGroup, tag, marker } = lane;
  const marked = valueIn(markers)?.get(baselineGroup) ?? [];
  const isManaged = (markers: readonly Marker[]) => markers.some(({ phase }) => phase !== 'retired');
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
  // Brokers leave out topics that nobody in the group subscribes to at the moment.
  const isTold = (topic: string) =>
    answers.some(({ stats }) => valueIn(stats)?.queues.some(queue => queue.topic === topic) ?? true);
  const topics = topicsOf(answers, marker).map(name => ({
    topic: name,
    filter: filters.get(name)?.expression ?? null,
    isToldAtStart:
      tag === undefined && filters.has(name) && isManaged(marked) && [...members.values()].some(tellsAtStartOnly),
    backlog: isTold(name) ? waiting(topic => topic === name) : null,
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
    copies: processes.filter(process => process.kind === 'copies' && process.group === group).length,
    isAnnounced: tag === undefined ? null : isAnnounced(lane, processes),
    phase: marker?.phase ?? null,
    markedAt: marker?.at ?? null,
    isDeclared: processes.some(process => process.kind === 'declared' && process.group === group),
    topics,
    backlog: topics.every(({ topic }) => isTold(topic)) ? waiting(() => true) : null,
    retries: waiting(topic => topic.startsWith('%RETRY%')),
    deadLetters: total(answers.map(({ deadLetters }) => countIn(deadLetters))),
    state: stateOf(answers.map(({ settings }) => settings)) ?? null,
    isFolded: false,
    takenPerSecond: sum(topics.map(({ takenPerSecond }) => takenPerSecond)),
  };
}

function countIn(deadLetters: Answer<DeadLetters>): Answer<number> {
  return isKnown(deadLetters) ? { value: deadLetters.value.count } : deadLetters;
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
  const tags = [...new Set(groups.map(({ tag }) => tag))].sort((a, b) => inNaturalOrder(a ?? '', b ?? ''));
  return tags.map(tag => {
    const own = groups.filter(group => group.tag === tag && !group.isFolded);
    return {
      tag,
      instances: instancesOf(tag, processes),
      standIns: own.reduce((count, { standIns }) => count + standIns, 0),
      groups: own.length,
      standInShare: standInShare(own),
      retries: sum(own.map(({ retries }) => retries)),
      deadLetters: sum(own.map(({ deadLetters }) => deadLetters)),
      backlog: sum(own.map(({ backlog }) => backlog)),
      takenPerSecond: sum(own.map(({ takenPerSecond }) => takenPerSecond)),
    };
  });
}

/** Of what the groups take, which part stand-ins take; null: nothing is taken, or it is not known. */
function standInShare(groups: readonly Group[]): number | null {
  const rateOf = (all: readonly Group[]) => sum(all.map(({ takenPerSecond }) => takenPerSecond));
  const [whole, theirs] = [rateOf(groups), rateOf(groups.filter(({ takenBy }) => takenBy === 'stand-ins'))];
  return whole === null || theirs === null || whole === 0 ? null : rounded(theirs / whole);
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
    // Whoever gets copies is a canary, and says that apart.
    if (kind === 'copies') continue;
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
      groups: [...groups].sort(inNaturalOrder),
      standsInFor: [...standsInFor].sort(inNaturalOrder),
    }))
    .sort((a, b) => inNaturalOrder(a.host, b.host) || a.pid - b.pid);
}
