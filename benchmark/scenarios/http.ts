/** A server that answers at once, and one that first calls another: requests as fast as they are answered. */
import { type Bench, startWorker, type Worker } from '../bench';
import { CONTENDERS, type Contender, FOLLOWING_REQUESTS } from '../contenders';
import { goalsOfWork, type Measured, metricsOfWork, type Work } from '../measurement';
import { inRounds } from '../rounds';

export const HOPS = {
  none: { title: 'HTTP server, no outbound call', tagged: 0.98 },
  fetch: { title: 'HTTP hop: server, then fetch', tagged: 0.97 },
  get: { title: 'HTTP hop: server, then http.get', tagged: 0.97 },
  pool: { title: "HTTP hop: server, then undici's Pool", tagged: 0.97 },
} as const;
export type Hop = keyof typeof HOPS;

const BARE = CONTENDERS[0] as Contender;
const CONNECTIONS = 20;
const WARM_UP_REQUESTS = 4_000;

export const HEADERS = { untagged: {}, tagged: { baggage: 'gray_tag=gray' } } as const;

export function http(hop: Hop) {
  return async (bench: Bench): Promise<Measured> => {
    const load = await startWorker(bench, { name: 'load', file: 'load.js' });
    const backend = await startWorker(bench, { name: 'backend', file: 'http-server.js' });
    const servers = new Map<Contender, Worker>();
    try {
      for (const contender of FOLLOWING_REQUESTS)
        servers.set(contender, await startServer(bench, contender, hop, backend));
      const serverOf = (contender: Contender) => servers.get(contender) as Worker;
      for (const contender of FOLLOWING_REQUESTS)
        await requests(load, serverOf(contender), contender, WARM_UP_REQUESTS);
      const { ms } = await requests(load, serverOf(BARE), BARE, WARM_UP_REQUESTS);
      const amount = Math.round((WARM_UP_REQUESTS * bench.workMs) / ms);
      const work = await inRounds(FOLLOWING_REQUESTS, bench.rounds, contender =>
        requests(load, serverOf(contender), contender, amount),
      );
      return {
        scenario: hop === 'none' ? 'http-server' : `http-hop-${hop}`,
        title: HOPS[hop].title,
        how: `${amount} requests a round by autocannon over ${CONNECTIONS} connections`,
        contenders: FOLLOWING_REQUESTS,
        metrics: metricsOfWork(work),
        goals: goalsOfWork({ untagged: 0.99, tagged: HOPS[hop].tagged }),
      };
    } finally {
      await Promise.all([load, backend, ...servers.values()].map(worker => worker.stop()));
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
