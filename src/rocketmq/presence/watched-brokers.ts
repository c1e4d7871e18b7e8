import { errorText } from '../../foreign-objects/error-text';
import type { Broker } from '../administration/broker';
import type { BrokerAdministration } from '../administration/broker-administration';
import type { Clock } from '../remoting/clock';

/** A broker as it was listed last: its master, or a replica. */
export interface WatchedBroker {
  /** Of a replica: with its address. */
  readonly name: string;
  /** `host:port` */
  readonly address: string;
  /** What is announced to it is known while the master is away; one that becomes master knows it already. */
  readonly isReplica?: true;
}

/** The brokers of the clusters that host some topics, looked up again from time to time. Keeps no process alive. */
export interface WatchedBrokers {
  /** All that the name servers listed within the last 120 s; waits for the first answer. Empty when there was none. */
  current(): Promise<readonly WatchedBroker[]>;
  /** Why the name servers could not be asked the last time. */
  readonly problem: string | undefined;
  /** One of them cannot be reached: it may have got another address. */
  doubt(): void;
  close(): void;
}

const REFRESH_MS = 30_000;
const DOUBT_MS = 2_000;
/** How long a broker that is no longer listed is still one: it is being restarted, or gone for good. */
const UNLISTED_MS = 120_000;

/** @param onChange called after each answer of a name server */
export function watchedBrokers(
  administration: Pick<BrokerAdministration, 'brokersOfCluster'>,
  clock: Clock,
  topics: readonly string[],
  onChange: (brokers: readonly WatchedBroker[]) => void,
): WatchedBrokers {
  const known = new Map<string, { readonly broker: WatchedBroker; readonly listedAt: number }>();
  let problem: string | undefined;
  let lookedUpAt = Number.NEGATIVE_INFINITY;
  let isClosed = false;
  let cancel: (() => void) | undefined;
  let underWay: Promise<void> | undefined;
  let dueAt = 0;

  const list = () => [...known.values()].map(({ broker }) => broker);

  function schedule(ms: number): void {
    cancel?.();
    if (isClosed) return;
    dueAt = clock.now() + ms;
    cancel = clock.after(ms, lookUp);
  }

  function lookUp(): Promise<void> {
    underWay ??= refresh().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  async function refresh(): Promise<void> {
    cancel?.();
    try {
      const listed = await administration.brokersOfCluster(topics);
      lookedUpAt = clock.now();
      for (const broker of listed.flatMap(serversOf)) known.set(broker.name, { broker, listedAt: lookedUpAt });
      for (const [name, { listedAt }] of known) {
        // A list with nobody in it tells of a name server that has just started, too.
        if (lookedUpAt - listedAt > UNLISTED_MS && listed.length > 0) known.delete(name);
      }
      problem = listed.length > 0 ? undefined : 'the name servers know no broker';
    } catch (error) {
      problem = errorText(error);
    }
    schedule(problem === undefined ? REFRESH_MS : DOUBT_MS);
    if (problem === undefined) onChange(list());
  }

  const first = lookUp();
  return {
    async current() {
      await first;
      return list();
    },
    get problem() {
      return problem;
    },
    doubt() {
      if (underWay || dueAt - clock.now() <= DOUBT_MS) return;
      schedule(Math.max(0, lookedUpAt + DOUBT_MS - clock.now()));
    },
    close() {
      isClosed = true;
      cancel?.();
    },
  };
}

function serversOf({ name, address, replicas = [] }: Broker): WatchedBroker[] {
  const master = address === undefined ? [] : [{ name, address }];
  return [
    ...master,
    ...replicas.map(replica => ({ name: `${name} ${replica}`, address: replica, isReplica: true as const })),
  ];
}
