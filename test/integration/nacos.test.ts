import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { nodeVersion } from '../../fixtures/node-versions';
import { writeCertificate } from './certificate';
import type { RunningChild } from './child';
import { type NacosEnvironment, nacosEnvironment } from './nacos-environment';
import { placeUndici, undiciDependencies } from './undici-versions';

const SERVICE = 'orders';
const SECURE_SERVICE = 'orders-secure';

/** Each generation of undici on a version of Node.js that it runs on. */
const CALLERS = [
  { undici: 5, major: 18 },
  { undici: 6, major: 20 },
  { undici: 7, major: 22 },
  { undici: 8, major: 26 },
];

const GRAY = { GRAY_TAG: 'gray' };

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
}

let environment: NacosEnvironment;

beforeAll(async () => {
  const generations = CALLERS.map(({ undici }) => undici);
  environment = await nacosEnvironment({ dependencies: undiciDependencies(generations) });
  const { sandbox } = environment;
  writeCertificate(sandbox, 'nacos');
  placeUndici(sandbox, generations);
}, 180_000);
afterAll(() => environment?.stop());

async function service(name: string, settings: object = {}, env: Environment = {}): Promise<Service> {
  const child = environment.start('nacos/service.js', { name, service: SERVICE, ...settings }, env);
  const line = await child.waitFor('serving on');
  return { child, port: Number(line.split(' ').at(-1)) };
}

async function caller(
  settings: object = {},
  env: Environment = {},
  { undici, major } = CALLERS[1] as (typeof CALLERS)[0],
): Promise<Caller> {
  const child = environment.start(
    'nacos/caller.js',
    {
      undici: environment.sandbox.path(`v${undici}/node_modules/undici`),
      service: SERVICE,
      secureService: SECURE_SERVICE,
      ...settings,
    },
    env,
    nodeVersion(major),
  );
  const port = Number((await child.waitFor('calling on')).split(' ').at(-1));
  const ways = JSON.parse((await child.waitFor('ways')).slice('ways '.length)) as string[];
  const get = async (path: string, headers: Environment = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, { headers });
    return { status: response.status, body: (await response.json()) as never };
  };
  const seen = async () => (await get('seen')).body as number;
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
      while ((await seen()) !== count) {
        if (Date.now() > end) throw child.failure(`sees ${await seen()} instances, not ${count}`);
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    },
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
    const tls = { service: SECURE_SERVICE, tls: true };
    const started = await Promise.all([
      service('base'),
      service('gray', {}, GRAY),
      service('base', tls),
      service('gray', tls, { ...GRAY, GRAY_INTEROP: 'mse' }),
    ]);
    base = started[0];
    gray = started[1];
    secure = { base: started[2], gray: started[3] };
    callers = await Promise.all(CALLERS.map(versions => caller({}, {}, versions)));
    await Promise.all(callers.map(one => one.sees(2)));
    // Of several first queries at once the client (2.6.3, bare as well) lets some wait in vain, for 30 s.
    await Promise.all(callers.flatMap(one => [one.call('select', 'fetch'), one.call('select', 'https')]));
  }, 60_000);

  it('a canary registers with its tag, beside the metadata of the application', async () => {
    const metadata = async (service: string) =>
      new Map((await environment.instances(service)).map(({ port, metadata }) => [port, metadata]));
    expect(await metadata(SERVICE)).toEqual(
      new Map([
        [base.port, { owner: 'team' }],
        [gray.port, { owner: 'team', gray_tag: 'gray' }],
      ]),
    );
    expect((await metadata(SECURE_SERVICE)).get(secure.gray.port)).toEqual({
      owner: 'team',
      gray_tag: 'gray',
      'opensergo.io/canary-gray': 'gray',
    });
  });

  it('without the agent, every instance answers everybody', async () => {
    const bare = await caller({}, { WITHOUT_AGENT: '1' });
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
        const { status, name, host, baggage, error, code } = await one.call(list, way, tag);
        const environment = tag === 'gray' ? 'gray' : 'base';
        const { port } = (isSecure(way) ? secure : { base, gray })[environment];
        const expectedHost = way === 'virtual host' ? 'orders.internal' : `127.0.0.1:${port}`;
        return {
          got: `${call} ${[status, name, host, baggage, error, code].join(' ')}`,
          expected: `${call} ${[200, environment, expectedHost, tag && `gray_tag=${tag}`, undefined, undefined].join(' ')}`,
        };
      }),
    );
    const wrong = results.filter(({ got, expected }) => got !== expected);
    expect(wrong).toEqual([]);
  });

  it('a call to an address that is in no list is left alone', async () => {
    const stock = await service('stock', { service: 'stock' }, GRAY);
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

  it('knows a host however it is written', async () => {
    const named = { ip: 'localhost', metadata: { owner: 'team' } };
    await Promise.all([
      environment.register('named', { ...named, port: base.port }),
      environment.register('named', { ...named, port: gray.port, metadata: { ...named.metadata, gray_tag: 'gray' } }),
    ]);
    const one = await caller({ service: 'named', secureService: 'named' });
    await one.sees(2);
    for (const way of ['http.request', 'http.get', 'header array', 'fetch', 'undici Pool']) {
      const { name, host } = await one.call('capitals', `${way}/${gray.port}`);
      expect([way, name, host]).toEqual([way, 'base', `localhost:${base.port}`]);
    }
    await one.child.stop('SIGKILL');
  });

  it('a canary calls canaries without being asked, and the baseline for a request of the baseline', async () => {
    const canary = await caller({}, GRAY);
    await canary.sees(2);
    const name = async (tag?: string) =>
      new Set(await Promise.all(canary.ways.map(async way => (await canary.call('kept', way, tag)).name)));
    expect(await name()).toEqual(new Set(['gray']));
    expect(await name('gray')).toEqual(new Set(['gray']));
    expect(await name('base')).toEqual(new Set(['base']));
    await canary.child.stop();
  });

  it('a consumer of Dubbo that registered itself beside the instances is no instance of its tag', async () => {
    const consumer = { ip: '127.0.0.1', port: 80, metadata: { side: 'consumer', gray_tag: 'lonely' } };
    await environment.register(SERVICE, consumer);
    const one = callers[1] as Caller;
    await one.sees(3);
    // A kept list hands it out as it would without the agent.
    for (const list of LISTS.filter(name => name !== 'kept')) {
      const names = await Promise.all([0, 1, 2].map(async () => (await one.call(list, 'fetch', 'lonely')).name));
      expect([list, names]).toEqual([list, ['base', 'base', 'base']]);
    }
    await environment.deregister(SERVICE, consumer);
    await one.sees(2);
  });

  it('a caller that closes its dispatchers and ends is not held up', async () => {
    const [one] = callers.splice(0, 1) as [Caller];
    expect((await one.child.stop()).code).toBe(0);
  });
});

describe('dispatchers of undici whose calls go to another instance', () => {
  const SERVED = { service: 'dispatched' };
  beforeAll(async () => {
    await Promise.all(
      ['base', 'gray', 'green'].map(name => service(name, SERVED, name === 'base' ? {} : { GRAY_TAG: name })),
    );
  });

  for (const { undici, major } of CALLERS) {
    it(`undici ${undici}, Node.js ${major}: are as they were made, seem to be one, and keep environments apart`, async () => {
      const settings = {
        ...SERVED,
        instances: 3,
        undici: environment.sandbox.path(`v${undici}/node_modules/undici`),
      };
      const child = environment.start('nacos/dispatchers.js', settings, {}, nodeVersion(major));
      const line = await child.waitFor('got {', 60_000);
      const drained = ['gray', 12, true];
      const ended = ['UND_ERR_DESTROYED', 'no error'];
      expect(JSON.parse(line.slice('got '.length))).toEqual({
        'a Client keeps its options': {
          limit: 'UND_ERR_RES_EXCEEDED_MAX_SIZE',
          allowH2: 'gray',
          interceptors: 'asked',
          redirected: 'gray',
        },
        'a loop that waits for drain goes on': {
          'Client /': drained,
          'Client /close': drained,
          'Pool /': drained,
          'Pool /close': drained,
        },
        'events are those of the dispatcher': [
          ['connect', true, true, 2],
          ['disconnect', true, true, 2],
        ],
        'destroy ends calls that hang, also after close': { Client: ended, Pool: ended },
        'one that was closed or destroyed refuses': [
          'UND_ERR_CLOSED',
          'UND_ERR_DESTROYED',
          'UND_ERR_CLOSED',
          'UND_ERR_DESTROYED',
        ],
        'classes of the application': ['gray', 1, 'gray'],
        'other spellings of a host': ['gray'],
        'mocks answer for what they mock': ['mock', 'mock', 'mock'],
        'composed interceptors': ['gray', 'gray', 'base'],
        'answers kept for one environment are not given to another': {
          names: ['base', 'gray', 'base', 'base', 'gray', 'base'],
          answers: 3,
        },
        'calls at once are one only within an environment': ['base', 'gray', 'gray', 'base'],
        'what nobody calls any more is given up once another is needed': ['green', true, 'gray'],
        'a BalancedPool': ['gray', 'base'],
        'through a proxy': ['gray', 'base'],
      });
    });
  }
});

describe('canaries that come and go', () => {
  const MIXED = [undefined, 'gray', 'blue', undefined, 'base', 'gray'];

  it('take over and hand back while calls run: no call fails, none of the baseline reaches a canary', async () => {
    const flow = { service: 'flow' };
    const base = await service('base', flow);
    const one = await caller({ ...flow, secureService: 'flow' });
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
      const gray = await service(`gray ${round}`, flow, GRAY);
      await answers('gray', `gray ${round}`);
      await new Promise(resolve => setTimeout(resolve, 300));
      // It leaves the registry, serves on for three seconds, and ends.
      const ended = gray.child.stop();
      await answers('gray', 'base');
      await ended;
    }
    isRunning = false;
    await loads;

    expect(got.filter(({ status }) => status !== 200)).toEqual([]);
    const reached = (tag: string | undefined) => new Set(got.filter(one => one.tag === tag).map(({ name }) => name));
    expect(reached('gray')).toEqual(new Set(['base', 'gray 1', 'gray 2']));
    for (const tag of [undefined, 'blue', 'base']) expect(reached(tag)).toEqual(new Set(['base']));
    await Promise.all([one.child.stop(), base.child.stop('SIGKILL')]);
  }, 90_000);

  describe('of an application that calls as soon as it hears of instances', () => {
    interface Listener {
      readonly child: RunningChild;
      /** The names of who answered, each time when a list was heard of. */
      heard(namespace?: string): string[][];
      /** Makes a query once; the names of who answered the instances that had been heard of. */
      ask(method: 'getAllInstances' | 'selectInstances', tag?: string): Promise<string[]>;
    }
    async function listener(settings: object, env: Environment = {}): Promise<Listener> {
      const child = environment.start('nacos/listener.js', settings, env);
      const { port } = JSON.parse(await child.waitFor('"port"')) as { port: number };
      const lines = () =>
        child.stdout
          .split('\n')
          .slice(0, -1)
          .filter(line => line.includes('heard'));
      return {
        child,
        heard: (wanted = 'public') =>
          lines()
            .map(line => JSON.parse(line) as { namespace: string; heard: string[] })
            .filter(({ namespace }) => namespace === wanted)
            .map(({ heard }) => heard),
        async ask(method, tag) {
          const headers: Environment = tag === undefined ? {} : { baggage: `gray_tag=${tag}` };
          return (await (await fetch(`http://127.0.0.1:${port}/${method}`, { headers })).json()) as string[];
        },
      };
    }
    const until = (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 15_000, interval: 20 });
    const end = (...all: { readonly child: RunningChild }[]) =>
      Promise.all(all.map(({ child }) => child.stop('SIGKILL')));

    it.each([
      ['that leaves its list alone', {}],
      ['that changes the list it was handed', { mutates: true }],
    ])('none without a tag reaches a canary: %s', async (_name, settings) => {
      const own = { service: `early-${Object.keys(settings).length}` };
      const [base, gray] = await Promise.all([service('base', own), service('gray', own, GRAY)]);
      await vi.waitUntil(async () => (await environment.instances(own.service)).length === 2, { timeout: 15_000 });
      const [bare, one] = await Promise.all([
        listener({ ...own, ...settings }, { WITHOUT_AGENT: '1' }),
        listener({ ...own, ...settings }),
      ]);
      await until(() => bare.heard().length > 0 && one.heard().length > 0);
      expect(bare.heard()[0]).toEqual(['base', 'gray']);
      expect(one.heard()[0]).toEqual(['base', 'base']);
      const another = await service('another gray', own, GRAY);
      await until(() => one.heard().some(names => names.length === 3));
      expect(new Set(one.heard().flat())).toEqual(new Set(['base']));
      await end(base, gray, another, bare, one);
    });

    it('a query that is made once, beside a subscription, changes nothing of it', async () => {
      const own = { service: 'once' };
      const [base, gray] = await Promise.all([service('base', own), service('gray', own, GRAY)]);
      await vi.waitUntil(async () => (await environment.instances(own.service)).length === 2, { timeout: 15_000 });
      const one = await listener(own);
      await until(() => one.heard().length > 0);
      for (const method of ['getAllInstances', 'selectInstances'] as const) {
        for (let round = 0; round < 3; round++) {
          expect([method, await one.ask(method)]).toEqual([method, ['base', 'base']]);
          expect([method, await one.ask(method, 'gray')]).toEqual([method, ['gray', 'gray']]);
          expect([method, await one.ask(method, 'blue')]).toEqual([method, ['base', 'base']]);
        }
      }
      await end(base, gray, one);
    });

    it('an instance that is known to two namespaces is answered for by one that both know', async () => {
      const own = { service: 'shared' };
      const [base, other, gray] = await Promise.all([
        service('base', own),
        service('other base', own),
        service('gray', own, GRAY),
      ]);
      const metadata = { gray_tag: 'gray' };
      await environment.register(own.service, { ip: '127.0.0.1', port: gray.port, metadata }, 'second');
      await environment.register(own.service, { ip: '127.0.0.1', port: other.port, metadata: {} }, 'second');
      await vi.waitUntil(async () => (await environment.instances(own.service)).length === 3, { timeout: 15_000 });
      const one = await listener({ ...own, namespaces: ['public', 'second'] });
      await until(() => one.heard().length > 0 && one.heard('second').length > 0);
      expect(await one.ask('getAllInstances')).toEqual([
        'base',
        'other base',
        'other base',
        'other base',
        'other base',
      ]);
      expect(await one.ask('getAllInstances', 'gray')).toEqual(['gray', 'gray', 'gray', 'gray', 'gray']);
      await end(base, other, gray, one);
    });
  });

  it('falls back to the baseline where a service has no canary, in queries as in calls', async () => {
    const plain = { service: 'plain' };
    const base = await service('base', plain);
    const one = await caller({ ...plain, secureService: 'plain' });
    await one.sees(1);
    for (const list of LISTS) expect([list, (await one.call(list, 'fetch', 'gray')).name]).toEqual([list, 'base']);
    await Promise.all([base, one].map(({ child }) => child.stop('SIGKILL')));
  });

  it('keeps calls without a tag from a canary whose service shows nothing but consumers of Dubbo by now', async () => {
    const gray = await service('gray', { service: 'left-home' }, GRAY);
    // By hand: it serves on, whatever the registry says.
    const instance = { ip: '127.0.0.1', port: gray.port, metadata: { gray_tag: 'gray' } };
    await environment.register('left', instance);
    const one = await caller({ service: 'left', secureService: 'left' });
    await one.sees(1);
    await environment.register('left', { ip: '127.0.0.1', port: 80, metadata: { side: 'consumer' } });
    await one.sees(2);
    await environment.deregister('left', instance);
    await one.sees(1);
    const address = `http.get/${gray.port}`;
    expect((await one.call('address', address)).code).toBe('ERR_GRAY_NO_INSTANCE');
    expect((await one.call('address', address, 'gray')).name).toBe('gray');
    await Promise.all([gray, one].map(({ child }) => child.stop('SIGKILL')));
  });

  it('without a baseline, only calls of their own environment are made: the others fail, and say why', async () => {
    const fresh = { service: 'new' };
    const gray = await service('gray', fresh, GRAY);
    const callers = await Promise.all(
      CALLERS.map(versions => caller({ ...fresh, secureService: 'new' }, {}, versions)),
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
