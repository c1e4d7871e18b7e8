/**
 * A canary that subscribes to something else than its baseline, on a real RocketMQ 5.5.0: what both want is handed over, what
 * only the canary wants waits for it, what it no longer subscribes to is the baseline's.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import {
  type Client,
  type ConsumerApp,
  type ConsumerSettings,
  GRAY,
  type ProducerApp,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from './rocketmq-environment';

let environment: RocketmqEnvironment;

beforeAll(async () => {
  environment = await rocketmqEnvironment();
});
afterAll(() => environment?.stop());

const TIMEOUT_MS = 240_000;

const auto = () => ({ GRAY_MQ_NAMESRV: environment.rocketmq.namesrv, GRAY_MQ_BASELINE: 'auto' });

async function until(what: string, condition: () => boolean, apps: readonly ConsumerApp[], timeout = 90_000) {
  const end = Date.now() + timeout;
  while (!condition()) {
    if (Date.now() > end)
      throw new Error(`not in ${timeout} ms: ${what}\n${apps.map(({ child }) => child.failure('')).join('\n')}`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

/** What it got of a kind: the letter that a body begins with. */
const of = (kind: string, ...apps: readonly ConsumerApp[]) =>
  apps.flatMap(app => app.got().map(({ got }) => got)).filter(body => body.startsWith(kind));

interface Case {
  readonly client: Client;
  readonly mode?: 'push' | 'pull';
  /** How they say which messages they want. */
  readonly baseline: FilterKind;
  readonly canary: FilterKind;
}

type FilterKind = 'TAG' | 'SQL92';
/** @param tags such as `A || B` */
const filterOf = (kind: FilterKind, tags: string) =>
  kind === 'TAG' ? tags : { sql: `TAGS IN (${tags.replace(/\w+/g, "'$&'").replaceAll(' || ', ', ')})` };

const cases: readonly Case[] = [
  { client: 'rocketmq-client-nodejs', mode: 'push', baseline: 'TAG', canary: 'TAG' },
  { client: 'rocketmq-client-nodejs', mode: 'pull', baseline: 'TAG', canary: 'TAG' },
  { client: 'ali-ons 3', baseline: 'TAG', canary: 'TAG' },
  { client: 'rocketmq-client-nodejs', mode: 'push', baseline: 'SQL92', canary: 'SQL92' },
  { client: 'ali-ons 3', baseline: 'TAG', canary: 'SQL92' },
];

describe.each(cases)('$client $mode, $canary beside $baseline', ({ client, mode, baseline, canary: canaryFilter }) => {
  it('loses nothing of any kind while canaries come, crash and come back with other subscriptions', {
    timeout: TIMEOUT_MS,
  }, async () => {
    onTestFailed(() => console.log(environment.rocketmq.sampleLogs()));
    const name = `${client.replace(/\W/g, '')}${mode ?? ''}${baseline}${canaryFilter}`;
    const [both, less, more] = [`Both${name}`, `Less${name}`, `More${name}`];
    const group = `differ${name}`;
    for (const topic of [both, less, more]) await environment.rocketmq.createTopic(topic, { queues: 2 });
    await environment.rocketmq.createGroup(group);
    const settings = (first: string, later: Record<string, string>, kind = canaryFilter): ConsumerSettings => ({
      client,
      group,
      subscriptions: { [both]: filterOf(kind, first) },
      later: Object.fromEntries(
        Object.entries(later).map(([topic, tag]) => [topic, client === 'ali-ons 3' ? tag : { tag }]),
      ) as NonNullable<ConsumerSettings['later']>,
      ...(mode && { mode }),
      shutsDown: mode === 'push',
      // Of push consumers: the first attempt fails.
      ...(mode !== 'pull' && { failFirst: ['a5', 'c5', 'm5', 'c25', 'm25'] }),
    });
    const base = await environment.consumer(settings('A || B', { [less]: '*' }, baseline), {
      GRAY_MQ_TAGS: 'gray',
      ...auto(),
    });
    const canary = (first: string, later: Record<string, string>) =>
      environment.consumer(settings(first, later), { GRAY_TAG: 'gray', ...auto() });
    // The client does not get through its startup with several topics at once.
    const producers = new Map<string, ProducerApp>();
    for (const topic of [both, less, more]) producers.set(topic, await environment.producer([topic], {}, client));
    const sent: string[] = [];
    let isOn = true;
    const kinds = {
      a: [both, 'A'],
      b: [both, 'B'],
      c: [both, 'C'],
      d: [both, 'D'],
      l: [less, 'A'],
      m: [more, 'A'],
    } as const;
    const traffic = (async () => {
      for (let i = 0; isOn; i++) {
        for (const [kind, [topic, tag]] of Object.entries(kinds)) {
          await producers.get(topic)?.send({ topic, tag, body: `${kind}${i}` }, GRAY);
          sent.push(`${kind}${i}`);
        }
        await new Promise(resolve => setTimeout(resolve, 200));
      }
    })();
    // What a push consumer held when it was killed comes again after two minutes: `npm run chaos` waits for that.
    const leave = async (app: ConsumerApp) => {
      if (mode !== 'push') return app.child.stop('SIGKILL');
      app.child.process.kill('SIGTERM');
      await app.child.waitFor('"shutDown"', 60_000);
      return app.child.stop();
    };
    const apps = [base];
    await until('the baseline stands in', () => of('a', base).length > 2 && of('l', base).length > 2, apps);

    const first = await canary('A || C', { [more]: '*' });
    apps.push(first);
    await until('the first canary', () => ['a', 'c', 'm'].every(kind => of(kind, first).length > 10), apps);
    const lessBefore = of('l', base).length;
    await until('the baseline takes the topic that it left out', () => of('l', base).length > lessBefore + 10, apps);
    await leave(first);
    const before = of('a', base).length;
    await until('the baseline stands in again', () => of('a', base).length > before + 10, apps);

    const second = await canary('A || C || D', { [more]: '*' });
    apps.push(second);
    await until('the second canary', () => ['a', 'c', 'd', 'm'].every(kind => of(kind, second).length > 10), apps);
    const dSince = Number(of('d', second)[0]?.slice(1));
    await leave(second);
    const again = of('a', base).length;
    await until('the baseline stands in once more', () => of('a', base).length > again + 10, apps);

    const third = await canary('A || C || D', { [more]: '*', [less]: '*' });
    apps.push(third);
    await until('the third canary', () => ['a', 'c', 'd', 'l', 'm'].every(kind => of(kind, third).length > 10), apps);
    isOn = false;
    await traffic;
    const missing = (kind: string, ...by: readonly ConsumerApp[]) => {
      const got = new Set(of(kind, ...by));
      return sent.filter(body => body.startsWith(kind) && !got.has(body));
    };
    const canaries = [first, second, third];
    const lost = () => ({
      a: missing('a', ...apps),
      l: missing('l', ...apps),
      // Of what only canaries want, from the first that wanted it on.
      c: missing('c', ...canaries).filter(body => Number(body.slice(1)) > Number(of('c', first)[0]?.slice(1))),
      m: missing('m', ...canaries).filter(body => Number(body.slice(1)) > Number(of('m', first)[0]?.slice(1))),
      d: missing('d', ...canaries).filter(body => Number(body.slice(1)) > dSince),
    });
    const isAll = () => Object.values(lost()).every(bodies => bodies.length === 0);
    await until('all of them', isAll, [], 120_000).catch(() => {});
    expect(lost()).toEqual({ a: [], l: [], c: [], m: [], d: [] });
    expect([of('c', base), of('d', base), of('m', base)]).toEqual([[], [], []]);
    expect(of('b', ...canaries)).toEqual([]);
  });
});
