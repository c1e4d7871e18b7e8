import { renameSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Nacos, startNacos } from '../../fixtures/nacos';
import { writeCertificate } from './certificate';
import { PRELOAD, type RunningChild, start } from './child';
import { hasBinaries, NODE_VERSIONS, type NodeVersion, nodeVersion } from './node-versions';
import { createSandbox, type Sandbox } from './sandbox';

const SERVICE = 'orders';
const SECURE_SERVICE = 'orders-secure';

/** Each generation of undici on a version of Node.js that it runs on. */
const CALLERS = [
  { undici: 5, major: 18 },
  { undici: 6, major: 20 },
  { undici: 7, major: 22 },
  { undici: 8, major: 26 },
];

type Environment = Readonly<Record<string, string>>;
interface Answer {
  readonly status: number;
  readonly name?: string;
  readonly host?: string;
  readonly baggage?: string;
  /** The port of the instance that the application picked. */
  readonly meant?: number;
  readonly error?: string;
  readonly code?: string;
}
interface Service {
  readonly child: RunningChild;
  readonly port: number;
}
interface Caller {
  readonly name: string;
  readonly ways: readonly string[];
  readonly child: RunningChild;
  call(list: string, way: string, tag?: string): Promise<Answer>;
  /** Waits until its own subscription shows these many instances. */
  sees(count: number): Promise<void>;
  /** Metadata of the instances, by port. */
  metadata(): Promise<Map<number, Readonly<Record<string, string>>>>;
}

let nacos: Nacos;
let sandbox: Sandbox;
const children: RunningChild[] = [];

beforeAll(async () => {
  [nacos, sandbox] = await Promise.all([
    startNacos(),
    createSandbox({
      dependencies: {
        nacos: '^2.6.3',
        ...Object.fromEntries(CALLERS.map(({ undici }) => [`undici${undici}`, `npm:undici@${undici}`])),
      },
    }),
  ]);
  writeCertificate(sandbox, 'nacos');
  for (const { undici } of CALLERS) {
    // Under its own name, as a package that the application did not rename.
    sandbox.write(`v${undici}/node_modules/.keep`, '');
    renameSync(sandbox.path(`node_modules/undici${undici}`), sandbox.path(`v${undici}/node_modules/undici`));
  }
}, 180_000);
afterAll(async () => {
  await Promise.all(children.map(child => child.stop('SIGKILL')));
  sandbox?.remove();
  await nacos?.stop();
});

function launch(script: string, env: Environment, node?: NodeVersion): RunningChild {
  const { WITHOUT_AGENT, ...rest } = env;
  const child = start({
    args: [...(WITHOUT_AGENT ? [] : PRELOAD), script],
    cwd: sandbox.directory,
    env: { HOME: sandbox.directory, NACOS: nacos.address, SERVICE, SECURE_SERVICE, ...rest },
    ...(node !== undefined && { node }),
  });
  children.push(child);
  return child;
}

async function service(name: string, env: Environment = {}): Promise<Service> {
  const child = launch('nacos/service.js', { NAME: name, ...env });
  const line = await child.waitFor('serving on');
  return { child, port: Number(line.split(' ').at(-1)) };
}

async function caller(env: Environment = {}, { undici, major } = CALLERS[1] as (typeof CALLERS)[0]): Promise<Caller> {
  const node = hasBinaries ? nodeVersion(major) : undefined;
  const child = launch('nacos/caller.js', { UNDICI: sandbox.path(`v${undici}/node_modules/undici`), ...env }, node);
  const port = Number((await child.waitFor('calling on')).split(' ').at(-1));
  const ways = JSON.parse((await child.waitFor('ways')).slice('ways '.length)) as string[];
  const get = async (path: string, headers: Environment = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, { headers });
    return { status: response.status, body: (await response.json()) as never };
  };
  const seen = async () => (await get('seen')).body as { port: number; metadata: Readonly<Record<string, string>> }[];
  return {
    name: `undici ${undici}`,
    ways,
    child,
    async call(list, way, tag) {
      const { status, body } = await get(
        `${list}/${encodeURI(way)}`,
        tag === undefined ? {} : { baggage: `gray_tag=${tag}` },
      );
      return { status, ...(body as object) };
    },
    async sees(count) {
      const end = Date.now() + 30_000;
      while ((await seen()).length !== count) {
        if (Date.now() > end) throw child.failure(`sees ${(await seen()).length} instances, not ${count}`);
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    },
    metadata: async () => new Map((await seen()).map(({ port, metadata }) => [port, metadata])),
  };
}

const isSecure = (way: string) => way === 'https' || way === 'undici TLS';
const LISTS = ['kept', 'select', 'direct', 'all'];

describe('calls to services of Nacos', () => {
  let base: Service;
  let gray: Service;
  let secure: { readonly base: Service; readonly gray: Service };
  let callers: Caller[];

  beforeAll(async () => {
    const tls = { SERVICE: SECURE_SERVICE, TLS: '1' };
    const started = await Promise.all([
      service('base'),
      service('gray', { GRAY_TAG: 'gray' }),
      service('base', tls),
      service('gray', { ...tls, GRAY_TAG: 'gray', GRAY_INTEROP: 'mse' }),
    ]);
    base = started[0];
    gray = started[1];
    secure = { base: started[2], gray: started[3] };
    callers = await Promise.all(CALLERS.map(versions => caller({}, versions)));
    await Promise.all(callers.map(one => one.sees(2)));
  }, 60_000);

  it('a canary registers with its tag, beside the metadata of the application', async () => {
    const metadata = await (callers[0] as Caller).metadata();
    expect(metadata.get(base.port)).toEqual({ owner: 'team' });
    expect(metadata.get(gray.port)).toEqual({ owner: 'team', gray_tag: 'gray' });
    const list = await fetch(`http://${nacos.address}/nacos/v1/ns/instance/list?serviceName=${SECURE_SERVICE}`);
    const { hosts } = (await list.json()) as { hosts: { port: number; metadata: object }[] };
    expect(hosts.find(({ port }) => port === secure.gray.port)?.metadata).toEqual({
      owner: 'team',
      gray_tag: 'gray',
      'opensergo.io/canary-gray': 'gray',
    });
  });

  it('without the agent, every instance answers everybody', async () => {
    const bare = await caller({ WITHOUT_AGENT: '1' });
    await bare.sees(2);
    const answers = await Promise.all(bare.ways.flatMap(way => [0, 1].map(() => bare.call('kept', way, 'gray'))));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ name }) => name))).toEqual(new Set(['base', 'gray']));
    await bare.child.stop();
  });

  it('each of 500 and more mixed calls at once is answered by its own environment, in every way to make it', async () => {
    const cases = callers.flatMap(one =>
      one.ways.flatMap(way =>
        LISTS.flatMap(list =>
          [undefined, 'gray', 'blue', 'base', 'gray', undefined].map(tag => ({ one, way, list, tag })),
        ),
      ),
    );
    expect(cases.length).toBeGreaterThan(500);
    const results = await Promise.all(
      cases.map(async ({ one, way, list, tag }) => {
        const call = `${one.name}, ${list}, ${way}, ${tag}: `;
        const { status, name, host, baggage } = await one.call(list, way, tag);
        const environment = tag === 'gray' ? 'gray' : 'base';
        const { port } = (isSecure(way) ? secure : { base, gray })[environment];
        const expectedHost = way === 'virtual host' ? 'orders.internal' : `127.0.0.1:${port}`;
        return {
          got: `${call} ${[status, name, host, baggage].join(' ')}`,
          expected: `${call} ${[200, environment, expectedHost, tag && `gray_tag=${tag}`].join(' ')}`,
        };
      }),
    );
    const wrong = results.filter(({ got, expected }) => got !== expected);
    expect(wrong).toEqual([]);
  });

  it('a call to an address that is in no list is left alone', async () => {
    const stock = await service('stock', { SERVICE: 'stock', GRAY_TAG: 'gray' });
    for (const one of callers) {
      for (const way of one.ways.filter(way => !isSecure(way))) {
        const { name, host } = await one.call('address', `${way}/${stock.port}`);
        expect([way, name, host]).toEqual([
          way,
          'stock',
          way === 'virtual host' ? 'orders.internal' : `127.0.0.1:${stock.port}`,
        ]);
      }
    }
    await stock.child.stop('SIGKILL');
  });

  it('a canary calls canaries without being asked, and the baseline for a request of the baseline', async () => {
    const canary = await caller({ GRAY_TAG: 'gray' });
    await canary.sees(2);
    const name = async (tag?: string) =>
      new Set(await Promise.all(canary.ways.map(async way => (await canary.call('kept', way, tag)).name)));
    expect(await name()).toEqual(new Set(['gray']));
    expect(await name('gray')).toEqual(new Set(['gray']));
    expect(await name('base')).toEqual(new Set(['base']));
    await canary.child.stop();
  });

  it('a caller that closes its dispatchers and ends is not held up', async () => {
    const [one] = callers.splice(0, 1) as [Caller];
    expect((await one.child.stop()).code).toBe(0);
  });
});

describe('canaries that come and go', () => {
  const MIXED = [undefined, 'gray', 'blue', undefined, 'base', 'gray'];

  it('take over and hand back while calls run: no call fails, none of the baseline reaches a canary', async () => {
    const name = { SERVICE: 'flow' };
    const base = await service('base', name);
    const one = await caller({ SERVICE: 'flow', SECURE_SERVICE: 'flow' });
    await one.sees(1);
    const ways = one.ways.filter(way => !isSecure(way));
    const got: { call: string; tag: string | undefined; status: number; name?: string; error?: string }[] = [];
    let isRunning = true;
    let turn = 0;
    const load = async () => {
      while (isRunning) {
        const [list, way, tag] = [turn % 4, turn % ways.length, turn % MIXED.length];
        turn++;
        const answer = await one.call(LISTS[list] as string, ways[way] as string, MIXED[tag]);
        got.push({ call: `${LISTS[list]}, ${ways[way]}`, tag: MIXED[tag], ...answer });
      }
    };
    const loads = Promise.all(Array.from({ length: 12 }, load));
    const answers = async (tag: string, name: string) => {
      const end = Date.now() + 30_000;
      while ((await one.call('kept', 'fetch', tag)).name !== name) {
        if (Date.now() > end) throw one.child.failure(`calls of ${tag} do not reach ${name}`);
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    };

    for (const round of [1, 2]) {
      const gray = await service(`gray ${round}`, { ...name, GRAY_TAG: 'gray' });
      await answers('gray', `gray ${round}`);
      await new Promise(resolve => setTimeout(resolve, 300));
      // It leaves the registry, serves on for three seconds, and ends.
      const ended = gray.child.stop();
      await answers('gray', 'base');
      await ended;
    }
    isRunning = false;
    await loads;
    console.log(
      base.port,
      JSON.stringify(got.filter(({ status }) => status !== 200)).replaceAll('},', '},\n'),
      one.child.stderr.slice(-3000),
      got.length,
    );

    expect(got.filter(({ status }) => status !== 200)).toEqual([]);
    const reached = (tag: string | undefined) => new Set(got.filter(one => one.tag === tag).map(({ name }) => name));
    expect(reached('gray')).toEqual(new Set(['base', 'gray 1', 'gray 2']));
    for (const tag of [undefined, 'blue', 'base']) expect(reached(tag)).toEqual(new Set(['base']));
    await Promise.all([one.child.stop(), base.child.stop('SIGKILL')]);
  }, 90_000);

  it('without a baseline, only calls of their own environment are made: the others fail, and say why', async () => {
    const gray = await service('gray', { SERVICE: 'new', GRAY_TAG: 'gray' });
    const callers = await Promise.all(
      CALLERS.map(versions => caller({ SERVICE: 'new', SECURE_SERVICE: 'new' }, versions)),
    );
    for (const one of callers) {
      await one.sees(1);
      for (const way of one.ways.filter(way => !isSecure(way))) {
        expect([way, (await one.call('kept', way, 'gray')).name]).toEqual([way, 'gray']);
        const { status, code } = await one.call('kept', way);
        expect([way, status, code]).toEqual([way, 502, 'ERR_GRAY_NO_INSTANCE']);
      }
      expect((await one.call('select', 'fetch')).error).toBe('no instance');
      const warnings = one.child.stderr.split('\n').filter(line => line.includes('warn:'));
      expect(warnings).toEqual([
        expect.stringMatching(/new has instances of other canaries only: none for a call of the baseline$/),
      ]);
    }
    await Promise.all([gray, ...callers].map(({ child }) => child.stop('SIGKILL')));
  });
});
