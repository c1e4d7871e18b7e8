/** A server that answers at once, and one that first calls another: requests as fast as they are answered. */
import { type Bench, startWorker, type Worker } from '../bench';
import { type Contender, followingOn } from '../contenders';
import { inFreshProcesses, TURNS } from '../fresh-processes';
import { GOALS_OF_FOLLOWING, type Measured, metricsOfWork, type Work } from '../measurement';

/** `warmUp`: requests, after which a process's CPU time for one no longer falls (tried out on Node.js 20 and 26). */
export const HOPS = {
  none: { title: 'HTTP server, no outbound call', warmUp: 30_000 },
  fetch: { title: 'HTTP hop: server, then fetch', warmUp: 12_000 },
  get: { title: 'HTTP hop: server, then http.get', warmUp: 25_000 },
  pool: { title: "HTTP hop: server, then undici's Pool", warmUp: 25_000 },
} as const;
export type Hop = keyof typeof HOPS;

const CONNECTIONS = 20;
const TRIAL_REQUESTS = 4_000;

export const HEADERS = { untagged: {}, tagged: { baggage: 'gray_tag=gray' } } as const;

export function http(hop: Hop) {
  return async (bench: Bench): Promise<Measured> => {
    const contenders = followingOn(bench.node);
    const load = await startWorker(bench, { name: 'load', file: 'load.js' });
    const backend = await startWorker(bench, { name: 'backend', file: 'http-server.js' });
    try {
      const { operations, works } = await inFreshProcesses({
        contenders,
        rounds: bench.rounds,
        workMs: bench.workMs,
        trial: TRIAL_REQUESTS,
        warmUp: HOPS[hop].warmUp,
        start: contender => startServer(bench, contender, hop, backend),
        work: (server, contender, amount) => requests(load, server, contender, amount),
      });
      return {
        scenario: hop === 'none' ? 'http-server' : `http-hop-${hop}`,
        title: HOPS[hop].title,
        how: `${operations} requests by autocannon over ${CONNECTIONS} connections, after ${HOPS[hop].warmUp} that warm the process up; the lower quartile of ${TURNS} turns, a new process each round`,
        contenders,
        metrics: metricsOfWork(works),
        goals: GOALS_OF_FOLLOWING,
      };
    } finally {
      await Promise.all([load, backend].map(worker => worker.stop()));
    }
  };
}

export function startServer(
  bench: Bench,
  contender: Contender,
  hop: Hop = 'none',
  backend?: Worker,
  nodeArguments?: readonly string[],
): Promise<Worker> {
  return startWorker(bench, {
    name: `http-${contender.name}`,
    file: 'http-server.js',
    contender,
    ...(nodeArguments && { nodeArguments }),
    ...(backend && hop !== 'none' && { environment: { HOP: hop, BACKEND: `${backend.ready.url}` } }),
  });
}

/** @param contender whose traffic it is */
export async function requests(
  load: Worker,
  server: Worker,
  contender: Pick<Contender, 'isTagged'> | undefined,
  amount: number,
): Promise<Work> {
  const headers = HEADERS[contender?.isTagged ? 'tagged' : 'untagged'];
  const before = await server.ask<{ cpuMs: number }>({ ask: 'usage' });
  const { loadMs, requests } = await load.ask<{ loadMs: number; requests: number }>({
    url: server.ready.url,
    amount,
    connections: CONNECTIONS,
    headers,
  });
  const after = await server.ask<{ cpuMs: number }>({ ask: 'usage' });
  return { operations: requests, ms: loadMs, cpuMs: after.cpuMs - before.cpuMs };
}
