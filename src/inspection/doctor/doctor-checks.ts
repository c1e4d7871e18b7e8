/** What the answers of a cluster mean for a canary: a verdict each, and what to do about it. Pure. */
import type { GroupSettings } from '../../rocketmq/administration/broker-administration';
import { createGroupCommand } from '../../rocketmq/administration/mqadmin-command';
import { type FilterExpression, isTagged } from '../../rocketmq/plan/filter-expression';
import { type Answer, isKnown, valueIn } from '../cluster/answer';
import { isSupportedRelease } from '../cluster/broker-version';
import type { AnnouncedProcess, GroupMembers } from '../cluster/cluster-inspection';
import type { Member } from '../fleet/fleet-shape';
import type { BrokerPicture, DoctorPicture, GroupOnBroker } from './doctor-picture';

/** `unknown`: nobody could be asked, or nobody said. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'unknown';

export interface Check {
  /** What is looked at. */
  readonly check: string;
  /** Where: a server, a group … */
  readonly subject: string;
  readonly verdict: Verdict;
  readonly finding: string;
  /** More of it, a line each. */
  readonly details?: readonly string[];
  /** What to do, in the order in which to try it: settings and commands. */
  readonly remedies?: readonly string[];
}

export function doctorChecks(picture: DoctorPicture): Check[] {
  if (picture.proxy !== undefined) return checksByProxy(picture, picture.proxy);
  const answering = picture.brokers.filter(broker => isKnown(broker.release) && refusalOf(broker) === undefined);
  const checks = [
    ...nameServers(picture),
    ...picture.brokers.map(broker => brokerCheck(broker)),
    ...picture.brokers.flatMap(broker => accountCheck(broker, picture)),
    topicCheck(picture),
  ];
  if (answering.length > 0) {
    checks.push(
      ...answering.flatMap(broker => filterChecks(broker, picture)),
      ...answering.map(broker => groupCheck(broker, picture, answering)),
      ...answering.map(broker => canaryGroupCheck(broker, picture, answering)),
      ...answering.map(broker => groupCreation(broker, picture)),
      ...memberChecks(answering, picture),
      takers(answering, picture),
      ...offsetChecks(answering, picture),
      ...agentChecks(answering, picture),
    );
  } else if (picture.brokers.length > 0) {
    const finding = 'no broker answers this account: filters, groups, offsets and who is online are not known';
    checks.push({ check: 'everything else', subject: '', verdict: 'unknown', finding });
  }
  checks.push(markerCheck(picture));
  return merged(checks);
}

/** 0: nothing failed. 1: something did. 2: nobody could be asked. */
export function doctorExitCode(picture: DoctorPicture, checks: readonly Check[]): 0 | 1 | 2 {
  const isReached =
    picture.proxy === undefined
      ? picture.nameServers.some(({ brokers }) => isKnown(brokers))
      : isKnown(picture.proxy.release);
  if (!isReached) return 2;
  return checks.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
}

const ACCOUNT_REMEDIES = [
  'set ROCKETMQ_ACCESS_KEY and ROCKETMQ_SECRET_KEY to the account that the services use (or --access-key, --secret-key)',
];

function nameServers({ nameServers, question }: DoctorPicture): Check[] {
  const all = new Set(nameServers.flatMap(({ brokers }) => (valueIn(brokers) ?? []).map(({ name }) => name)));
  return nameServers.map(({ address, brokers }) => {
    const check = { check: 'name server', subject: address };
    if (!isKnown(brokers)) {
      return {
        ...check,
        verdict: 'fail',
        finding: brokers.problem,
        remedies: [
          `see that a name server listens at ${address} and can be reached from here, or correct the list: GRAY_MQ_NAMESRV='${question.namesrv ?? ''}'`,
        ],
      };
    }
    const names = brokers.value.map(({ name }) => name);
    const missing = [...all].filter(name => !names.includes(name));
    if (names.length === 0) {
      const remedies = [`start a broker with namesrvAddr=${question.namesrv ?? address}`];
      return { ...check, verdict: 'fail', finding: 'knows no broker', remedies };
    }
    if (missing.length === 0) return { ...check, verdict: 'ok', finding: `lists ${names.join(', ')}` };
    const remedies = [`in the broker's configuration: namesrvAddr=${question.namesrv ?? ''}`];
    return { ...check, verdict: 'warn', finding: `does not list ${missing.join(', ')}, as others do`, remedies };
  });
}

function brokerCheck({ broker, release }: BrokerPicture): Check {
  const { name, address } = broker;
  const check = { check: 'broker', subject: name };
  if (!isKnown(release)) {
    const remedies =
      address === undefined
        ? [`start the master of ${name}`]
        : [
            `see that ${name} runs and that ${address} can be reached from here and from the services: it is what name servers give to clients (brokerIP1 and listenPort in the broker's configuration)`,
          ];
    return { ...check, verdict: 'fail', finding: release.problem, remedies };
  }
  if (release.value === undefined) return { ...check, verdict: 'warn', finding: `${address}, of an unknown release` };
  const finding = `RocketMQ ${release.value} at ${address}`;
  return isSupportedRelease(release.value)
    ? { ...check, verdict: 'ok', finding }
    : { ...check, verdict: 'fail', finding, remedies: ['RocketMQ 4.5 or later is needed'] };
}

/** What a broker says where it lets the account do nothing at all. */
function refusalOf({ baseline, canary, filterProblems, announcements, ends }: BrokerPicture): string | undefined {
  const answers: readonly Answer<unknown>[] = [
    baseline.settings,
    baseline.members,
    canary.members,
    filterProblems.canary,
    announcements,
    ...(valueIn(ends)?.length === 0 ? [] : [ends]),
  ];
  if (answers.some(isKnown)) return undefined;
  return answers.flatMap(answer => (isKnown(answer) || !answer.isRefusal ? [] : [answer.problem]))[0];
}

function accountCheck(broker: BrokerPicture, { question }: DoctorPicture): Check[] {
  const refusal = refusalOf(broker);
  const check = { check: 'account', subject: broker.broker.name };
  if (refusal !== undefined) {
    const finding = question.isSigned
      ? `is refused: ${refusal}`
      : `access control is on, and no account was given: ${refusal}`;
    return [{ ...check, verdict: 'fail', finding, remedies: ACCOUNT_REMEDIES }];
  }
  return question.isSigned && isKnown(broker.release) ? [{ ...check, verdict: 'ok', finding: 'is let in' }] : [];
}

function topicCheck({ topic, question, brokers, proxy }: DoctorPicture): Check {
  const check = { check: 'topic', subject: question.topic };
  const namesrv = question.namesrv ?? '<name server>';
  if (!isKnown(topic)) return notKnown(check, topic);
  if (topic.value === undefined) {
    const clusters = [...new Set(brokers.map(({ broker }) => broker.cluster))];
    const cluster = clusters.length === 1 ? clusters[0] : '<cluster>';
    const command = `mqadmin updateTopic -n '${namesrv}' -c ${cluster} -t ${question.topic} -r 8 -w 8`;
    const attribute =
      proxy === undefined ? [] : ['gRPC clients: with -a +message.type=NORMAL (or FIFO, DELAY, TRANSACTION)'];
    return { ...check, verdict: 'fail', finding: 'does not exist', remedies: [command, ...attribute] };
  }
  const finding = topic.value
    .map(({ broker, readQueues, writeQueues }) =>
      readQueues === writeQueues
        ? `${plural(readQueues, 'queue')} on ${broker}`
        : `${plural(readQueues, 'queue')} to read and ${writeQueues} to write on ${broker}`,
    )
    .join(', ');
  const closed = topic.value.filter(({ perm }) => (perm & READ) === 0 || (perm & WRITE) === 0);
  if (closed.length === 0) return { ...check, verdict: 'ok', finding };
  return {
    ...check,
    verdict: closed.length === topic.value.length ? 'fail' : 'warn',
    finding: `${finding}; not to be read and written on ${closed.map(({ broker, perm }) => `${broker} (perm ${perm})`).join(', ')}`,
    remedies: closed.map(
      ({ broker }) =>
        `mqadmin updateTopicPerm -n '${namesrv}' -b ${addressOf(brokers, broker)} -t ${question.topic} -p ${READ | WRITE}`,
    ),
  };
}

/** PermName.java */
const READ = 4;
const WRITE = 2;

function filterChecks(
  { broker, filterProblems, release }: BrokerPicture,
  { filters, question }: DoctorPicture,
): Check[] {
  const check = { check: 'filter', subject: broker.name };
  if (question.filterSide === 'client') {
    return [{ ...check, verdict: 'ok', finding: 'messages are told apart in the client (GRAY_MQ_FILTER_SIDE=client)' }];
  }
  const { canary, baseline } = filterProblems;
  if (!isKnown(canary)) return [notKnown(check, canary)];
  if (canary.value?.kind === 'disabled') {
    return [
      {
        ...check,
        verdict: 'fail',
        finding: `SQL92 filters are switched off: every environment would receive the messages of all (${canary.value.words})`,
        ...(valueIn(release)?.startsWith('5.') && {
          details: [
            'gRPC clients are filtered for all the same (5.5.0): it is those of the remoting protocol that are not',
          ],
        }),
        remedies: [
          'enablePropertyFilter=true in the configuration of the broker, and restart it',
          `or, without a restart: mqadmin updateBrokerConfig -b ${broker.address} -k enablePropertyFilter -v true`,
          'or leave it to the clients, which then receive everything: GRAY_MQ_FILTER_SIDE=client',
        ],
      },
    ];
  }
  const named = [
    { who: 'canary', problem: canary.value, filter: filters.canary },
    { who: 'baseline', problem: valueIn(baseline), filter: filters.baseline },
  ];
  return named.map(({ who, problem, filter }) =>
    problem === undefined
      ? { ...check, verdict: 'ok', finding: `compiles the filter of the ${who}: ${filter.expression}` }
      : {
          ...check,
          verdict: 'fail',
          finding: `does not take the filter of the ${who}, ${filter.expression}: ${problem.words}`,
          remedies: ['correct what the application subscribes to (--filter, --sql): it is a part of this filter'],
        },
  );
}

/** Where a command has to be carried out: in the whole cluster, where the same holds for each of its brokers. */
function place(
  { broker }: BrokerPicture,
  all: readonly BrokerPicture[],
  isMeant: (picture: BrokerPicture) => boolean,
): { cluster: string } | { address: string } {
  const { cluster, address = `<master of ${broker.name}>` } = broker;
  return all.filter(other => other.broker.cluster === cluster).every(isMeant) ? { cluster } : { address };
}

function groupCheck(picture: BrokerPicture, { question }: DoctorPicture, all: readonly BrokerPicture[]): Check {
  const { broker, baseline } = picture;
  const check = { check: 'group', subject: `${question.group} on ${broker.name}` };
  if (!isKnown(baseline.settings)) return notKnown(check, baseline.settings);
  const settings = baseline.settings.value;
  if (settings === undefined) {
    const where = place(picture, all, other => isMissing(other.baseline));
    const remedies = [createGroupCommand(question.namesrv ?? '', where, question.group)];
    return { ...check, verdict: 'fail', finding: 'does not exist', remedies };
  }
  return (
    consuming(check, settings, question.namesrv ?? '', broker.address ?? '') ?? {
      ...check,
      verdict: 'ok',
      finding: 'exists',
    }
  );
}

/** A group that must not consume. */
function consuming(
  check: Pick<Check, 'check' | 'subject'>,
  settings: GroupSettings,
  namesrv: string,
  address: string,
): Check | undefined {
  if (settings.consumeEnable !== false) return undefined;
  const command = createGroupCommand(namesrv, { address }, settings.groupName, { ...settings, consumeEnable: true });
  return { ...check, verdict: 'fail', finding: 'must not consume (consumeEnable=false)', remedies: [command] };
}

function isMissing({ settings }: GroupOnBroker): boolean {
  return isKnown(settings) && settings.value === undefined;
}

function canaryGroupCheck(
  picture: BrokerPicture,
  { question, canaryGroup }: DoctorPicture,
  all: readonly BrokerPicture[],
): Check {
  const { broker, baseline, canary, refusalOfGroups } = picture;
  const { namesrv = '' } = question;
  const check = { check: 'canary group', subject: `${canaryGroup} on ${broker.name}` };
  if (!isKnown(canary.settings)) return notKnown(check, canary.settings);
  const wanted = valueIn(baseline.settings);
  const settings = canary.settings.value;
  const where = place(picture, all, other =>
    settings === undefined ? isMissing(other.canary) : stable(valueIn(other.canary.settings)) === stable(settings),
  );
  const command = createGroupCommand(namesrv, where, canaryGroup, wanted);
  if (settings === undefined) {
    if (isKnown(refusalOfGroups) && refusalOfGroups.value === undefined) {
      return { ...check, verdict: 'ok', finding: `is not there yet: the first canary of ${question.tag} creates it` };
    }
    const verdict = isKnown(refusalOfGroups) ? 'fail' : 'unknown';
    return { ...check, verdict, finding: 'does not exist, and the agent may not create it', remedies: [command] };
  }
  const closed = consuming(check, settings, namesrv, broker.address ?? '');
  if (closed !== undefined) return closed;
  if (wanted === undefined) return { ...check, verdict: 'ok', finding: 'exists' };
  const differences = settingDifferences(wanted, settings);
  if (differences.length === 0) return { ...check, verdict: 'ok', finding: `has the settings of ${question.group}` };
  return {
    ...check,
    verdict: 'warn',
    finding: `has other settings than ${question.group}: ${differences.join(', ')}`,
    remedies: [command],
  };
}

/** Where a canary's group differs: `retryMaxTimes 3, not 16`. */
export function settingDifferences(baseline: GroupSettings, canary: GroupSettings): string[] {
  const fields = [...new Set([...Object.keys(baseline), ...Object.keys(canary)])].sort();
  return fields
    .filter(field => field !== 'groupName')
    .filter(field => stable(baseline[field]) !== stable(canary[field]))
    .map(field => `${field} ${stable(canary[field])}, not ${stable(baseline[field])}`);
}

/** The same text for the same value; what is empty is as what is absent. */
function stable(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? 'none' : `{${entries.map(([key, inner]) => `${key}: ${stable(inner)}`).join(', ')}}`;
}

function groupCreation({ broker, refusalOfGroups, canary }: BrokerPicture, { canaryGroup }: DoctorPicture): Check {
  const check = { check: 'create groups', subject: broker.name };
  if (!isKnown(refusalOfGroups)) return notKnown(check, refusalOfGroups);
  if (refusalOfGroups.value === undefined) return { ...check, verdict: 'ok', finding: 'this account may' };
  const isThere = valueIn(canary.settings) !== undefined;
  const finding = `this account may not: ${refusalOfGroups.value}`;
  return isThere
    ? {
        ...check,
        verdict: 'warn',
        finding: `${finding}; ${canaryGroup} exists, those of other tags must be created beforehand`,
      }
    : {
        ...check,
        verdict: 'fail',
        finding,
        remedies: [`create ${canaryGroup} as an administrator (see canary group), or give the account the right to`],
      };
}

/** The members of a group on all brokers, without those that are connected to several of them. */
interface Online {
  readonly members: readonly Member[];
  readonly filters: readonly FilterExpression[];
  readonly problem: Answer<GroupMembers> | undefined;
}

function onlineOn(
  brokers: readonly BrokerPicture[],
  groupOf: (broker: BrokerPicture) => GroupOnBroker,
  topic: string,
): Online {
  return onlineIn(
    brokers.map(broker => groupOf(broker).members),
    topic,
  );
}

function onlineIn(answers: readonly Answer<GroupMembers>[], topic: string): Online {
  const members = new Map<string, Member>();
  const filters = new Map<string, FilterExpression>();
  for (const answer of answers) {
    for (const member of valueIn(answer)?.members ?? []) members.set(member.clientId, member);
    const filter = valueIn(answer)?.filters[topic];
    if (filter !== undefined) filters.set(`${filter.type} ${filter.expression}`, filter);
  }
  const problem = answers.every(isKnown) ? undefined : answers.find(answer => !isKnown(answer));
  return { members: [...members.values()], filters: [...filters.values()], problem };
}

function memberChecks(brokers: readonly BrokerPicture[], picture: DoctorPicture): Check[] {
  const { topic } = picture.question;
  const baseline = onlineOn(brokers, broker => broker.baseline, topic);
  const canary = onlineOn(brokers, broker => broker.canary, topic);
  const isFilteredHere = brokers.every(({ filterProblems }) => valueIn(filterProblems.canary)?.kind !== 'disabled');
  return [baselineMembers(baseline, picture), canaryMembers(canary, picture, isFilteredHere)];
}

function baselineMembers({ members, filters, problem }: Online, { question }: DoctorPicture): Check {
  const check = { check: 'online', subject: question.group };
  if (members.length === 0) {
    return problem && !isKnown(problem) ? notKnown(check, problem) : { ...check, verdict: 'warn', finding: 'nobody' };
  }
  const found = { ...check, finding: who(members, filters), details: members.map(describe) };
  return filters.length === 0
    ? { ...found, verdict: 'warn', finding: `${found.finding}, and nobody subscribes to ${question.topic}` }
    : { ...found, verdict: 'ok' };
}

function canaryMembers(
  { members, filters, problem }: Online,
  { question, canaryGroup }: DoctorPicture,
  isFilteredHere: boolean,
): Check {
  const check = { check: 'online', subject: canaryGroup };
  const { key, tag, topic, filterSide } = question;
  if (members.length === 0) {
    return problem && !isKnown(problem) ? notKnown(check, problem) : { ...check, verdict: 'ok', finding: 'nobody' };
  }
  const found = { ...check, finding: who(members, filters), details: members.map(describe) };
  if (filters.length === 0) {
    return { ...found, verdict: 'warn', finding: `${found.finding}, and nobody subscribes to ${topic}` };
  }
  const condition = isTagged(key, tag);
  const isOurs = filters.every(({ expression }) => expression.includes(condition));
  if (isOurs || filterSide === 'client' || !isFilteredHere) return { ...found, verdict: 'ok' };
  return {
    ...found,
    verdict: 'fail',
    finding: `${found.finding}: without the canary's condition, ${condition}`,
    remedies: [
      `whoever is in ${canaryGroup} needs the agent and GRAY_TAG=${tag} (and GRAY_KEY=${key}); stop those that have not`,
      'clients that know no SQL92 (ali-ons 2, rocketmq) filter by themselves: then this is as it must be, say --filter-side client',
    ],
  };
}

function who(members: readonly Member[], filters: readonly FilterExpression[]): string {
  const standIns = members.filter(({ isStandIn }) => isStandIn).length;
  const others = members.length - standIns;
  const count = [
    ...(others > 0 ? [plural(others, 'consumer')] : []),
    ...(standIns > 0 ? [plural(standIns, 'stand-in')] : []),
  ].join(' and ');
  const filter = filters.map(({ expression }) => expression).join(' | ');
  return filter === '' ? count : `${count}, subscribed with ${filter}`;
}

function describe({ clientId, address }: Member): string {
  return `${clientId}, from ${address}`;
}

function takers(brokers: readonly BrokerPicture[], picture: DoctorPicture): Check {
  const { question, canaryGroup, markers } = picture;
  const { tag, group, baselineMode } = question;
  const check = { check: 'who takes it', subject: `messages of ${tag}` };
  const { members, problem } = onlineOn(brokers, ({ canary }) => canary, question.topic);
  const baseline = onlineOn(brokers, broker => broker.baseline, question.topic);
  const isIgnored = question.ignoredTags.includes(tag);
  const canaries = members.filter(({ isStandIn }) => !isStandIn).length;
  const standIns = members.length - canaries;
  if (canaries > 0 && standIns > 0) {
    const finding = `the canary, and ${plural(standIns, 'stand-in')} of the baseline beside it: they are handing over`;
    const remedies = ['look again in a few seconds; a stand-in that stays is that of a process that hangs: restart it'];
    return { ...check, verdict: 'warn', finding, remedies };
  }
  if (members.length > 0) {
    const finding =
      canaries > 0
        ? `the canary: ${plural(canaries, 'consumer')} in ${canaryGroup}`
        : `the baseline: ${plural(standIns, 'stand-in')} in ${canaryGroup}`;
    // In the other modes it does not: what it has told its brokers is no proof, clients of gRPC tell no filter that changed.
    const takesToo = baselineMode === 'all' && baseline.members.length > 0 && !isIgnored;
    if (!takesToo) return { ...check, verdict: 'ok', finding };
    return {
      ...check,
      verdict: 'warn',
      finding: `${finding}, and consumers in ${group} as well: GRAY_MQ_BASELINE=all`,
      remedies: ['GRAY_MQ_BASELINE=auto for every process of the fleet, and they are handled once'],
    };
  }
  if (problem && !isKnown(problem)) return notKnown(check, problem);
  const phase = valueIn(markers)?.find(marker => marker.tag === tag)?.phase;
  const isDeclared = processesOn(brokers).some(({ kind }) => kind === 'declared');
  const isManaged = phase === 'managed' || phase === 'draining' || isDeclared;
  if (isIgnored || baselineMode === 'none' || (isManaged && baselineMode === 'auto')) {
    const backlog = backlogOf(brokers, ({ canary }) => canary);
    const waiting = backlog > 0 ? `, and ${plural(backlog, 'message')} of all environments lie before it` : '';
    const standIn = 'a baseline process with GRAY_MQ_BASELINE=auto and GRAY_MQ_NAMESRV, which stands in for it';
    return {
      ...check,
      verdict: backlog > 0 ? 'fail' : 'warn',
      finding: `nobody: they wait in ${canaryGroup}${waiting}`,
      remedies: [
        isIgnored
          ? `start a canary (GRAY_TAG=${tag}): with ${tag} in GRAY_MQ_IGNORE_TAGS the baseline never takes them`
          : `start a canary (GRAY_TAG=${tag}), or ${standIn}`,
      ],
    };
  }
  if (baseline.members.length === 0)
    return { ...check, verdict: 'warn', finding: `nobody is online, in ${group} or ${canaryGroup}` };
  const unmanaged = phase === 'retired' ? `${tag} is given up` : `${tag} has never been there`;
  const why = baselineMode === 'all' ? 'GRAY_MQ_BASELINE=all' : unmanaged;
  return { ...check, verdict: 'ok', finding: `the baseline, in ${group}: ${why}` };
}

function offsetChecks(brokers: readonly BrokerPicture[], picture: DoctorPicture): Check[] {
  const { question, canaryGroup } = picture;
  if (!valueIn(picture.topic)) return [];
  const isCanaryThere = brokers.some(({ canary }) => valueIn(canary.settings) !== undefined);
  const checks = [offsets(question.group, question, brokers, ({ baseline }) => baseline)];
  if (isCanaryThere) checks.push(offsets(canaryGroup, question, brokers, ({ canary }) => canary));
  return checks;
}

function offsets(
  group: string,
  { topic }: DoctorPicture['question'],
  brokers: readonly BrokerPicture[],
  groupOf: (broker: BrokerPicture) => GroupOnBroker,
): Check {
  const check = { check: 'offsets', subject: `${group} in ${topic}` };
  for (const broker of brokers) {
    const { committed } = groupOf(broker);
    if (!isKnown(committed)) return notKnown(check, committed);
    if (!isKnown(broker.ends)) return notKnown(check, broker.ends);
  }
  const all = brokers.flatMap(broker => valueIn(groupOf(broker).committed) ?? []);
  const without = all.filter(offset => offset === undefined).length;
  const details = brokers.map(broker => {
    const ends = valueIn(broker.ends) ?? [];
    const each = (valueIn(groupOf(broker).committed) ?? []).map(
      (offset, queue) => `${offset ?? '-'}/${ends[queue] ?? '?'}`,
    );
    return `${broker.broker.name}: ${each.join(' ')}`;
  });
  const found = { ...check, details };
  const backlog = backlogOf(brokers, groupOf);
  if (all.length === 0 || without === all.length) {
    return { ...found, verdict: 'ok', finding: 'none yet: it has not consumed here' };
  }
  if (without === 0) return { ...found, verdict: 'ok', finding: `backlog ${backlog}` };
  return {
    ...found,
    verdict: 'warn',
    finding: `backlog ${backlog}; none on ${without} of ${plural(all.length, 'queue')}: those are new, or were never polled`,
    remedies: [
      'the agent sets them when a consumer with it starts; the baseline takes these messages as well until then',
    ],
  };
}

/** Messages of all environments between a group's offsets and the ends of the queues; what has no offset counts for none. */
function backlogOf(brokers: readonly BrokerPicture[], groupOf: (broker: BrokerPicture) => GroupOnBroker): number {
  let backlog = 0;
  for (const broker of brokers) {
    const ends = valueIn(broker.ends) ?? [];
    for (const [queue, offset] of (valueIn(groupOf(broker).committed) ?? []).entries()) {
      if (offset !== undefined) backlog += Math.max(0, (ends[queue] ?? offset) - offset);
    }
  }
  return backlog;
}

/** A process that announces something, and the brokers that know it. */
interface Announced extends AnnouncedProcess {
  readonly on: readonly string[];
}

function processesOn(brokers: readonly BrokerPicture[]): Announced[] {
  const all = new Map<string, { process: AnnouncedProcess; on: string[] }>();
  for (const { broker, announcements } of brokers) {
    for (const process of valueIn(announcements) ?? []) {
      const { kind, announcer } = process;
      const key = [kind, announcer.host, announcer.pid].join(' ');
      const entry = all.get(key) ?? { process, on: [] };
      all.set(key, entry);
      if (!entry.on.includes(broker.name)) entry.on.push(broker.name);
    }
  }
  return [...all.values()].map(({ process, on }) => ({ ...process, on }));
}

function agentChecks(brokers: readonly BrokerPicture[], { question, canaryGroup }: DoctorPicture): Check[] {
  const check = { check: 'agents', subject: `of ${question.group}` };
  const unanswered = brokers.find(({ announcements }) => !isKnown(announcements));
  if (unanswered && !isKnown(unanswered.announcements)) return [notKnown(check, unanswered.announcements)];
  const announced = processesOn(brokers);
  const membersOf = (of: (broker: BrokerPicture) => GroupOnBroker) =>
    onlineOn(brokers, of, question.topic).members.filter(({ isStandIn }) => !isStandIn).length;
  const isAnnounced = (kinds: readonly string[]) => announced.some(({ kind }) => kinds.includes(kind));
  const silent = [
    ...(membersOf(({ baseline }) => baseline) > 0 && !isAnnounced(['baseline', 'declared', 'stand-in'])
      ? [`consumers of ${question.group} are online, and no agent of the baseline says that it is there`]
      : []),
    ...(membersOf(({ canary }) => canary) > 0 && !isAnnounced(['canary'])
      ? [`consumers of ${canaryGroup} are online, and no agent of ${question.tag} says that it is there`]
      : []),
  ];
  const versions = [...new Set(announced.map(({ announcer }) => announcer.version ?? 'unknown'))].sort();
  const details = announced.map(({ kind, announcer: { host, pid, version } }) =>
    [`${KIND_NAMES[kind]}: ${host}, process ${pid}`, version === undefined ? [] : [`agent ${version}`]]
      .flat()
      .join(', '),
  );
  const partly = announced.filter(({ on }) => on.length < brokers.length);
  const checks: Check[] = [];
  if (silent.length > 0) {
    checks.push({
      ...check,
      verdict: 'warn',
      finding: silent.join('; '),
      details,
      remedies: [
        'see that they print their [rocketmq-gray] lines at start: --require rocketmq-gray/register, GRAY_MQ_NAMESRV, GRAY_MQ_BASELINE=auto (other modes do not announce themselves)',
      ],
    });
  } else if (versions.length > 1) {
    const remedies = ['let all processes of a fleet run one version'];
    checks.push({
      ...check,
      verdict: 'warn',
      finding: `of several versions: ${versions.join(', ')}`,
      details,
      remedies,
    });
  } else if (announced.length === 0) {
    checks.push({ ...check, verdict: 'ok', finding: 'none, and no consumer' });
  } else {
    const processes = new Set(announced.map(({ announcer: { host, pid } }) => `${host} ${pid}`)).size;
    checks.push({
      ...check,
      verdict: 'ok',
      finding: `${plural(processes, 'process', 'processes')}, version ${versions[0]}`,
      details,
    });
  }
  if (partly.length > 0) {
    const names = partly.map(({ announcer: { host, pid }, on }) => `${host} process ${pid} on ${on.join(', ')} only`);
    const remedies = ['see that the services reach every broker at the address that the name servers give'];
    checks.push({ ...check, verdict: 'warn', finding: `known not to all brokers: ${names.join('; ')}`, remedies });
  }
  return checks;
}

const KIND_NAMES: Readonly<Record<AnnouncedProcess['kind'], string>> = {
  canary: 'canary',
  'stand-in': 'stand-in',
  beside: 'stand-in beside a canary',
  declared: 'baseline that declares the tag',
  baseline: 'baseline',
};

function markerCheck({ markers, question, canaryGroup, at }: DoctorPicture): Check {
  const check = { check: 'marker', subject: canaryGroup };
  if (markers === undefined || !isKnown(markers)) {
    return notKnown(check, markers ?? { problem: 'no name server is given', isRefusal: false });
  }
  const marker = markers.value.find(({ tag }) => tag === question.tag);
  if (marker === undefined) {
    return { ...check, verdict: 'ok', finding: `none: the first canary of ${question.tag} writes it` };
  }
  const topics = marker.topics === undefined ? '' : `, topics ${marker.topics.join(', ')}`;
  const when = marker.phase === 'managed' ? 'heard of' : 'since';
  return { ...check, verdict: 'ok', finding: `${marker.phase}, ${when} ${ago(at - marker.at)} ago${topics}` };
}

function checksByProxy(picture: DoctorPicture, proxy: NonNullable<DoctorPicture['proxy']>): Check[] {
  const { question, canaryGroup } = picture;
  const check = { check: 'proxy', subject: proxy.address };
  if (!isKnown(proxy.release)) {
    const remedies = [
      `see that the proxy's remoting port (remotingListenPort in rmq-proxy.json, 8080 by default) can be reached at ${proxy.address}, or name it: GRAY_MQ_PROXY_REMOTING=host:port`,
      'or give the name servers: --namesrv host:port',
    ];
    return [{ ...check, verdict: 'fail', finding: proxy.release.problem, remedies }];
  }
  const unasked = ['filter', 'group', 'canary group', 'create groups', 'offsets', 'agents', 'marker'];
  return [
    { ...check, verdict: 'ok', finding: 'answers' },
    topicCheck(picture),
    baselineMembers(onlineIn([proxy.baseline], question.topic), picture),
    canaryMembers(onlineIn([proxy.canary], question.topic), picture, true),
    ...unasked.map(name => ({
      check: name,
      subject: name === 'canary group' || name === 'marker' ? canaryGroup : question.group,
      verdict: 'unknown' as const,
      finding: 'a proxy does not say: give the name servers (--namesrv)',
    })),
  ];
}

function notKnown(check: Pick<Check, 'check' | 'subject'>, answer: { readonly problem: string }): Check {
  return { ...check, verdict: 'unknown', finding: answer.problem };
}

/** Checks that say the same of several subjects are one. */
function merged(checks: readonly Check[]): Check[] {
  const byText = new Map<string, Check>();
  for (const check of checks) {
    const { subject, ...rest } = check;
    const key = JSON.stringify(rest);
    const other = byText.get(key);
    byText.set(key, other ? { ...other, subject: joined(other.subject, subject) } : check);
  }
  return [...byText.values()];
}

/** `group1 on broker-a` and `group1 on broker-b` are `group1 on broker-a, broker-b`. */
function joined(subject: string, other: string): string {
  const [what, where] = other.split(' on ');
  return where !== undefined && subject.startsWith(`${what} on `) ? `${subject}, ${where}` : `${subject}, ${other}`;
}

function addressOf(brokers: readonly BrokerPicture[], name: string): string {
  return brokers.find(({ broker }) => broker.name === name)?.broker.address ?? `<address of ${name}>`;
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A time in words: 12 s, 5 min, 3 h, 2 d. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
