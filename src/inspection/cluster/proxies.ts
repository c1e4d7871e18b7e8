/** What proxies tell of who is connected. Brokers do not know the clients of proxies in CLUSTER mode. */
import { PROXIES_GROUP, proxyAt, proxyList } from '../../rocketmq/remoting/proxies';
import { type Answer, isKnown, type NoAnswer, type Settle, valueIn } from './answer';
import type { ClusterInspection } from './cluster-inspection';
import { type GroupMembers, hostOf } from './group-members';

export interface AskedProxy {
  /** `host:port` of its remoting endpoint. */
  readonly address: string;
  /** By group. */
  readonly members: ReadonlyMap<string, Answer<GroupMembers>>;
}

export interface ProxyAnswers {
  /** Whether there are proxies in CLUSTER mode. */
  readonly areApart: Answer<boolean>;
  readonly asked: readonly AskedProxy[];
}

/**
 * Asks the proxies that are named, and those that brokers know: these at the port of the first that is named, or 8080.
 *
 * @param brokers `host:port` of those that answer
 * @param named `host:port;host:port`
 */
export async function askProxies(
  brokers: readonly string[],
  named: string | undefined,
  groups: readonly string[],
  inspection: Pick<ClusterInspection, 'members'>,
  settle: Settle,
): Promise<ProxyAnswers> {
  const known = await Promise.all(brokers.map(broker => settle(inspection.members(broker, PROXIES_GROUP))));
  const hosts = known.flatMap(answer => (valueIn(answer)?.members ?? []).map(({ address }) => hostOf(address)));
  const addresses = new Set([...proxyList(named), ...hosts.map(host => proxyAt(host, named))]);
  const asked = [...addresses].map(async address => {
    const members = groups.map(async group => [group, await settle(inspection.members(address, group))] as const);
    return { address, members: new Map(await Promise.all(members)) };
  });
  const unanswered = known.find(answer => !isKnown(answer));
  const isKnownOf = hosts.length > 0 || unanswered === undefined || isKnown(unanswered);
  return { areApart: isKnownOf ? { value: hosts.length > 0 } : unanswered, asked: await Promise.all(asked) };
}

/** What proxies answered about a group. */
export function byProxies(proxies: ProxyAnswers | undefined, group: string): Answer<GroupMembers>[] {
  return proxies?.asked.flatMap(({ members }) => members.get(group) ?? []) ?? [];
}

/** Why nobody can say that a group has no members but those that brokers know; undefined: it is so. */
export function unseenByBrokers(proxies: ProxyAnswers | undefined, group: string): NoAnswer | undefined {
  if (proxies === undefined || valueIn(proxies.areApart) === false) return undefined;
  const answers = byProxies(proxies, group);
  // They tell each other of their clients.
  if (answers.some(isKnown)) return undefined;
  const asked: readonly Answer<unknown>[] = [proxies.areApart, ...answers];
  const problem = asked.flatMap(answer => (isKnown(answer) ? [] : [answer.problem]))[0];
  const unseen = 'brokers do not know who is connected to proxies in CLUSTER mode, and no proxy says it';
  return { problem: problem === undefined ? unseen : `${unseen}: ${problem}`, isRefusal: false };
}

/** True where brokers know of clients of theirs alone, and others may be connected to proxies. */
export function areApart(proxies: ProxyAnswers | undefined): boolean {
  return valueIn(proxies?.areApart) === true;
}
