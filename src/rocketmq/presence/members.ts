/** Who is connected in consumer groups: what is left to ask where nobody may be asked who announced himself. */
import type { Clock } from '../remoting/clock';
import { PROXIES_GROUP } from '../remoting/proxies';
import type { Asked, AskedServer, BrokerQuestions } from './broker-questions';
import { whoIsThere } from './memory';
import type { WatchedBroker } from './watched-brokers';

/** Whom it is asked. */
export interface MemberServers {
  readonly questions: BrokerQuestions;
  readonly clock: Pick<Clock, 'now'>;
  readonly brokers: readonly WatchedBroker[];
  readonly proxies: readonly AskedServer[];
}

export interface MembersSeen {
  readonly names: ReadonlySet<string>;
  /** Whoever is not among them is not there. */
  readonly isProven: boolean;
  /** Why it is not, or what a server said against the question. */
  readonly problem: string | undefined;
}

/**
 * How long a proxy that was restarted may not know who is there: its clients say so every 10 s, and those of other proxies come by
 * way of a topic, which it has to find first.
 */
const PROXY_SETTLING_MS = 30_000;

const NO_PROXY_SAYS =
  'brokers do not know who is connected to proxies, and no proxy says it (GRAY_MQ_PROXY_REMOTING=host:port)';

/** @param address `host:port` */
export function proxyServer(address: string): AskedServer {
  return { name: `proxy ${address}`, address, settlingMs: PROXY_SETTLING_MS };
}

/**
 * Those members of a group that `pick` takes. A broker knows its own clients. It knows those of a proxy that is within it, and no
 * others; the proxies that there are besides tell each other of theirs, so an answer from one of them is enough.
 *
 * @param pick what they are called in the answer
 */
export async function membersOf(
  { questions, clock, brokers, proxies }: MemberServers,
  group: string,
  name: string,
  pick: (clientIds: readonly string[]) => readonly string[],
): Promise<MembersSeen> {
  const ask = (server: AskedServer) => questions.ask(server, name, async link => pick(await link.consumers(group)));
  const askForProxies = (broker: AskedServer) =>
    questions.ask(broker, PROXIES_GROUP, link => link.consumers(PROXIES_GROUP));
  const [byBrokers, byProxies, proxiesByBrokers] = await Promise.all([
    Promise.all(brokers.map(ask)),
    Promise.all(proxies.map(ask)),
    Promise.all(brokers.map(askForProxies)),
  ]);
  // Of each kind for itself: a broker that is sure of its own clients is not of those of a proxy that was restarted.
  const [ofBrokers, ofProxies] = [whoIsThere(byBrokers, clock.now()), whoIsThere(byProxies, clock.now())];
  const isWithoutProxies = proxiesByBrokers.every(({ answered, memory }) => answered && memory?.seen.size === 0);
  const isProven = ofProxies.isComplete || (ofBrokers.isComplete && isWithoutProxies);
  const said = problemOf(byBrokers) ?? problemOf(proxiesByBrokers) ?? problemOf(byProxies);
  return {
    names: new Set([...ofBrokers.names, ...ofProxies.names]),
    isProven,
    problem: isProven || !ofBrokers.isComplete ? said : [NO_PROXY_SAYS, ...(said ? [said] : [])].join(': '),
  };
}

function problemOf(asked: readonly Asked[]): string | undefined {
  return asked.find(({ problem }) => problem !== undefined)?.problem;
}
