/** `npm run bench:micro`: the pieces on the hot path by themselves, in nanoseconds a call. */
import { wrapMethod } from '../src/foreign-objects/wrap';
import { mergeBaggage, readBaggage } from '../src/propagation/baggage';
import { createHeaderPropagation } from '../src/propagation/http-headers';
import { both, isNoneOf, isTagged } from '../src/rocketmq/plan/filter-expression';

const KEY = 'gray_tag';
const CARRIED = { key: KEY, hasBaggage: false };
/** Of others, in one header; 180 is what the W3C recommends to be able to carry. */
const ENTRIES = [0, 1, 20, 180];
const MERGE = { key: KEY, tag: 'gray', writeMse: false, dropMse: false };

/** What is done, by name; the answer is only there for the work not to be optimised away. */
const PIECES: Readonly<Record<string, () => unknown>> = {
  ...wrapped(),
  ...Object.fromEntries(ENTRIES.flatMap(headers)),
  'filter: *, canary': () => both({ type: 'TAG', expression: '*' }, isTagged(CARRIED, 'gray')),
  'filter: A || B, canary': () => both({ type: 'TAG', expression: 'A || B' }, isTagged(CARRIED, 'gray')),
  'filter: a SQL92 expression, canary': () =>
    both({ type: 'SQL92', expression: "a = 1 OR (b = 2 AND c IN ('x', 'y'))" }, isTagged(CARRIED, 'gray')),
  'filter: baseline without 100 tags': (() => {
    const tags = Array.from({ length: 100 }, (_, index) => `t${index}`);
    return () => both({ type: 'TAG', expression: '*' }, isNoneOf(CARRIED, tags));
  })(),
};

function wrapped(): Record<string, () => unknown> {
  class Bare {
    count = 0;
    add(by: number): number {
      this.count += by;
      return this.count;
    }
  }
  class Wrapped extends Bare {}
  class Own extends Bare {
    override add(by: number): number {
      this.count += by;
      return this.count;
    }
  }
  type Add = Bare['add'];
  const through = (original: Add): Add =>
    function add(this: Bare, by) {
      return original.call(this, by);
    };
  wrapMethod(Wrapped.prototype, 'add', through);
  wrapMethod(Own.prototype, 'add', through);
  const [bare, inherited, own] = [new Bare(), new Wrapped(), new Own()];
  return {
    'a method, bare': () => bare.add(1),
    'a method, wrapped': () => own.add(1),
    'an inherited method, wrapped': () => inherited.add(1),
  };
}

function headers(count: number): [string, () => unknown][] {
  const foreign = Array.from({ length: count }, (_, index) => `key${index}=value${index}`).join(',');
  const own = count === 0 ? `${KEY}=gray` : `${foreign},${KEY}=gray`;
  const { extract } = createHeaderPropagation({ key: KEY, inbound: 'accept', interop: [], onMalformed() {} });
  const request = (baggage: string) => ['Host', 'a.example', 'Connection', 'keep-alive', 'Accept', '*/*', ...baggage];
  const [untagged, tagged] = [
    request('').concat(count === 0 ? [] : ['baggage', foreign]),
    request('').concat('baggage', own),
  ];
  const existing = count === 0 ? undefined : foreign;
  return [
    [`request headers, ${count} foreign entries, no tag`, () => extract(untagged)],
    [`request headers, ${count} foreign entries, a tag`, () => extract(tagged)],
    [`read baggage, ${count} foreign entries, a tag`, () => readBaggage(own, KEY)],
    [`merge baggage, ${count} foreign entries`, () => mergeBaggage(existing, MERGE)],
    [`merge baggage, ${count} foreign entries, a tag to replace`, () => mergeBaggage(own, MERGE)],
  ];
}

async function main(): Promise<void> {
  const { Bench } = await import('tinybench');
  const bench = new Bench({ time: 200, warmupTime: 50 });
  for (const [name, piece] of Object.entries(PIECES)) bench.add(name, () => void piece());
  await bench.run();
  console.log(`Node.js ${process.versions.node}`);
  for (const { name, result } of bench.tasks) {
    if (!result?.latency) throw new Error(`${name}: ${result?.error?.stack ?? 'not run'}`);
    const { p50 = Number.NaN, mad = Number.NaN } = result.latency;
    console.log(`${name.padEnd(58)} ${nanoseconds(p50)} ns  ± ${nanoseconds(mad)}`);
  }
}

/** From milliseconds. */
function nanoseconds(ms: number): string {
  return Math.round(ms * 1e6)
    .toLocaleString('en-US')
    .padStart(8);
}

main();
