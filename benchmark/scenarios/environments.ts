/** What absent tags cost a cluster and the baseline's own messages, as they get more and as the baseline gets more processes. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../../fixtures/chaos/accounting';
import { type Rocketmq, startRocketmq } from '../../fixtures/rocketmq';
import { serviceOf } from '../../fixtures/rocketmq-clients/clients';
import { type Bench, startWorker, type Worker } from '../bench';
import { tagsOf, UNTAGGED } from '../contenders';
import { type Measured, THROUGHPUT } from '../measurement';

const TAGS = [0, 10, 100, 300];
const PROCESSES = [1, 3, 10];
const CLIENT = 'rocketmq-client-nodejs';
const QUEUES = 8;
/** Messages a second, for the whole group. */
const RATE = 100;
const COUNTED_MS = 10_000;
const BEFORE_MS = 2_000;
/** Until all stand-ins are there: they start a few at a time. */
const settleMs = (tags: number) => 30_000 + 200 * tags;
/** Ms of a clock tick, as Linux counts the time of processes. */
const TICK_MS = 10;

interface Cell {
  readonly name: string;
  readonly tags: number;
  readonly processes: number;
}

interface Part {
  /** Ms from sending to handling. */
  readonly ages: readonly number[];
  readonly ms: number;
  readonly cpuMs: number;
  readonly polls: number;
  readonly connections: number;
}

/** One cell after the other, several turns of each: a cell takes minutes to come up. */
export async function environments(bench: Bench): Promise<Measured> {
  // A poll that is held takes room in the broker's process, and there are thousands.
  const rocketmq = await startRocketmq({ heap: '2g', onProgress: bench.onProgress });
  try {
    return await measured(bench, rocketmq);
  } finally {
    await rocketmq.stop();
  }
}

async function measured(bench: Bench, rocketmq: Rocketmq): Promise<Measured> {
  const cells = PROCESSES.flatMap(processes =>
    TAGS.map(tags => ({ name: `${processes}-processes-${tags}-tags`, tags, processes })),
  );
  const turns = Math.max(2, Math.round(bench.rounds / 4));
  const environment = serviceOf('ali-ons').environment(rocketmq);
  const filler = await startWorker(bench, { name: 'fill', file: 'fill.js', environment });
  const values = new Map<string, Turn[]>();
  try {
    for (const cell of cells) {
      const all = await turnsOf({ bench, rocketmq, filler }, cell, turns);
      values.set(cell.name, all);
      bench.onProgress(`${cell.name}: ${all.map(shown).join('; ')}`);
    }
  } finally {
    await filler.stop();
  }
  const metric = (name: string, unit: string, better: 'higher' | 'lower', of: (turn: Turn) => number) => ({
    ...{ name, unit, better, comparison: 'ratio' as const },
    values: Object.fromEntries([...values].map(([cell, all]) => [cell, all.map(of)])),
  });
  return {
    scenario: 'environments',
    title: `tags that are absent, in a baseline of ${PROCESSES.join(', ')} processes`,
    how: `${RATE} untagged messages a second for the whole group, counted for ${COUNTED_MS / 1_000} s, ${turns} times; compared with no tag and as many processes. Two processes stand in for a tag (\`GRAY_MQ_STAND_INS\`). The broker is one process with its proxy`,
    contenders: cells.map(({ name, tags, processes }) => ({
      name,
      title: `${processes} process${processes === 1 ? '' : 'es'}, ${tags} tags`,
      base: tags === 0 ? undefined : `${processes}-processes-0-tags`,
      isOurs: true,
    })),
    metrics: [
      metric(THROUGHPUT, 'per second', 'higher', ({ handled, ms }) => (1_000 * handled) / ms),
      metric(DELIVERY, 'ms', 'lower', turn => turn.delivery),
      metric('CPU time of the broker', 'ms a second', 'lower', ({ brokerMs, ms }) => (1_000 * brokerMs) / ms),
      metric('CPU time of all processes', 'ms a second', 'lower', ({ cpuMs, ms }) => (1_000 * cpuMs) / ms),
      metric('polls', 'per second', 'lower', ({ polls, ms }) => (1_000 * polls) / ms),
      metric('connections', 'of all processes', 'lower', ({ connections }) => connections),
    ],
    goals: PROCESSES.flatMap(processes => [
      { metric: THROUGHPUT, contender: `${processes}-processes-100-tags`, bound: 0.98 },
      { metric: DELIVERY, contender: `${processes}-processes-100-tags`, bound: 2 },
    ]),
  };
}

const DELIVERY = 'delivery, 99 %';

interface Turn {
  readonly ms: number;
  readonly handled: number;
  readonly delivery: number;
  readonly brokerMs: number;
  readonly cpuMs: number;
  readonly polls: number;
  readonly connections: number;
}

const shown = ({ ms, handled, delivery, brokerMs, cpuMs, polls, connections }: Turn) =>
  `${handled} handled, 99 % within ${delivery} ms, broker ${brokerMs} ms and processes ${Math.round(cpuMs)} ms in ${Math.round(ms)}, ${polls} polls, ${connections} connections`;

interface Means {
  readonly bench: Bench;
  readonly rocketmq: Rocketmq;
  readonly filler: Worker;
}

async function turnsOf({ bench, rocketmq, filler }: Means, cell: Cell, turns: number): Promise<Turn[]> {
  const { name, tags, processes } = cell;
  const topic = `ENVIRONMENTS_${name}`;
  await rocketmq.createTopic(topic, { queues: QUEUES });
  await rocketmq.createGroup(name);
  const starting = Array.from({ length: processes }, (_, index) =>
    startWorker(bench, {
      name: `${name}-${index + 1}`,
      file: 'environments.js',
      contender: UNTAGGED,
      environment: {
        ...serviceOf(CLIENT).environment(rocketmq),
        CLIENT,
        TOPIC: topic,
        GROUP: name,
        GRAY_MQ_NAMESRV: rocketmq.namesrv,
        GRAY_MQ_TAGS: tagsOf(tags),
      },
    }),
  );
  const workers = await Promise.all(starting);
  const turn = async (): Promise<Turn> => {
    const count = Math.round((RATE * (COUNTED_MS + 2 * BEFORE_MS)) / 1_000);
    const sent = filler.ask({ topic, count, rate: RATE, isTimed: true });
    await sleep(BEFORE_MS);
    const before = brokerCpuMs(rocketmq.brokers);
    const parts = await Promise.all(workers.map(worker => worker.ask<Part>({ ms: COUNTED_MS })));
    const brokerMs = brokerCpuMs(rocketmq.brokers) - before;
    await sent;
    return { ...summed(parts), brokerMs };
  };
  try {
    await sleep(settleMs(tags));
    await turn();
    const all: Turn[] = [];
    for (let i = 0; i < turns; i++) all.push(await turn());
    return all;
  } finally {
    await Promise.all(workers.map(worker => worker.stop()));
  }
}

function summed(parts: readonly Part[]): Omit<Turn, 'brokerMs'> {
  const sum = (of: (part: Part) => number) => parts.reduce((total, part) => total + of(part), 0);
  const ages = parts.flatMap(part => part.ages).sort((one, other) => one - other);
  return {
    ms: sum(({ ms }) => ms) / parts.length,
    handled: ages.length,
    // A clock's tick is a millisecond: one that took no time took half of it.
    delivery: Math.max(0.5, percentile(ages, 99) ?? Number.NaN),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    polls: sum(({ polls }) => polls),
    connections: sum(({ connections }) => connections),
  };
}

/** As Linux tells (proc(5), stat). @throws Error elsewhere */
function brokerCpuMs(brokers: readonly { readonly pid: number }[]): number {
  return brokers
    .map(({ pid }) => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    })
    .reduce((total, ms) => total + ms, 0);
}
