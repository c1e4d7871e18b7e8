import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chosenThatFit, NODE_VERSIONS } from '../../fixtures/node-versions';
import { PRELOAD, runJson } from './child';
import { createSandbox, type Sandbox } from './sandbox';

const packages = (versions: Record<string, string>) =>
  Object.fromEntries(Object.entries(versions).map(([name, version]) => [`@opentelemetry/${name}`, version]));

/** Releases that belong together. The agent's own API is older than all of them. */
const RELEASES = [
  {
    name: 'API 1.4',
    dependencies: packages({
      api: '1.4.1',
      'sdk-trace-node': '1.13.0',
      'context-async-hooks': '1.13.0',
      core: '1.13.0',
      'instrumentation-http': '0.39.1',
    }),
    sdk: 'sdk',
    since: 18,
  },
  {
    name: 'API 1.9',
    dependencies: packages({
      api: '~1.9.0',
      'sdk-trace-node': '^2.0.0',
      'context-async-hooks': '^2.0.0',
      core: '^2.0.0',
      'instrumentation-http': '^0.223.0',
    }),
    sdk: 'sdk',
    since: 18,
  },
  {
    // Its SDK is another package; context manager and propagator are what counts here.
    name: 'API 1.10',
    dependencies: packages({
      api: '~1.10.0',
      'context-async-hooks': '^3.0.0',
      core: '^3.0.0',
      'instrumentation-http': '^0.301.0',
    }),
    sdk: 'no sdk',
    since: 22,
  },
];

type Entries = Record<string, string>;
interface Handled {
  readonly active: string | null;
  readonly entries: Entries;
  readonly afterAwait: Entries;
  readonly atEnd: [string | null, Entries];
  /** Baggage headers of calls: plain ones, with injected headers, with an entry of the application's own. */
  readonly plain: string[];
  readonly injected: string[];
  readonly withOwn: [string | null, Entries, string[]];
}

/** A request in whose handling the baggage is `entries`, with the header that this means on a call. */
function handled(active: string | null, entries: Entries, plain: string[], header: string): Handled {
  return {
    active,
    entries,
    afterAwait: entries,
    atEnd: [active, entries],
    plain,
    injected: header === '' ? [] : [header],
    withOwn: [active, { ...entries, user: 'alice b' }, [header === '' ? 'user=alice%20b' : `${header},user=alice%20b`]],
  };
}

const OUTSIDE_OF_REQUESTS = {
  registered: { contextManager: true, propagator: true },
  runWithTag: ['blue', { gray_tag: 'blue' }, ['gray_tag=blue']],
  fromBaggage: ['queue', ['gray_tag=queue'], ['gray_tag=queue']],
  outside: [null, {}],
};

const GRAY = { gray_tag: 'gray' };
const BARE = {
  ...OUTSIDE_OF_REQUESTS,
  tagged: handled('gray', GRAY, ['gray_tag=gray'], 'gray_tag=gray'),
  untagged: handled(null, {}, [], ''),
  foreign: handled(null, {}, [], ''),
  mse: handled('gray', GRAY, ['gray_tag=gray'], 'gray_tag=gray'),
  malformed: handled(null, {}, [], ''),
};
/** The instrumentation extracts and injects the whole baggage by itself. */
const INSTRUMENTED = {
  ...OUTSIDE_OF_REQUESTS,
  tagged: handled(
    'gray',
    { ...GRAY, meta: '1', metadata: 'p=1' },
    ['gray_tag=gray,meta=1;p=1'],
    'gray_tag=gray,meta=1;p=1',
  ),
  untagged: handled(null, {}, [], ''),
  foreign: handled(null, { a: '1' }, ['a=1'], 'a=1'),
  // It also binds the listeners of a request to the context that it made of the headers alone: there the application sees
  // the caller's baggage as it came. The active tag is the agent's own, and right.
  mse: { ...handled('gray', GRAY, ['gray_tag=gray'], 'gray_tag=gray'), atEnd: ['gray', {}] },
  malformed: { ...handled(null, {}, [], ''), atEnd: [null, { gray_tag: 'a_b' }] },
};

describe.each(RELEASES)('an application with its own OpenTelemetry, $name', ({ dependencies, sdk, since }) => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({ dependencies });
  });
  afterAll(() => sandbox?.remove());

  for (const node of chosenThatFit(({ major }) => major >= since)) {
    it(`keeps it, and sees the tag as its baggage, Node.js ${node.name}`, async () => {
      const app = (...modes: string[]) =>
        runJson({ node, cwd: sandbox.directory, args: [...PRELOAD, 'opentelemetry/app.cjs', sdk, ...modes] });
      const [bare, instrumented] = await Promise.all([app(), app('instrumented')]);
      expect(bare).toEqual(BARE);
      expect(instrumented).toEqual(INSTRUMENTED);
    });
  }

  it('takes no tag from it with GRAY_INBOUND=ignore, and lets none out', async () => {
    const node = NODE_VERSIONS.findLast(({ major }) => major >= since);
    const results = await runJson<Record<string, Handled>>({
      ...(node && { node }),
      cwd: sandbox.directory,
      env: { GRAY_INBOUND: 'ignore' },
      args: [...PRELOAD, 'opentelemetry/app.cjs', sdk, 'instrumented'],
    });
    for (const name of ['tagged', 'mse', 'malformed']) {
      const { active, plain, injected, withOwn } = results[name] as Handled;
      const others = name === 'tagged' ? ['meta=1;p=1'] : [];
      expect({ name, active, plain, injected }).toEqual({ name, active: null, plain: others, injected: others });
      expect(withOwn[2]).toEqual([[...others, 'user=alice%20b'].join(',')]);
    }
    expect(results.fromBaggage).toEqual([null, [], []]);
  });
});

describe('undici beside OpenTelemetry', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await createSandbox({
      dependencies: {
        ...packages({
          api: '~1.9.0',
          'sdk-trace-node': '^2.0.0',
          'context-async-hooks': '^2.0.0',
          core: '^2.0.0',
          'instrumentation-http': '^0.223.0',
          'instrumentation-undici': '^0.33.0',
        }),
        undici: '^6.21.0',
      },
    });
  });
  afterAll(() => sandbox?.remove());

  it('a call that waits for a connection takes no tag that came to another by baggage alone', async () => {
    expect(await runJson({ cwd: sandbox.directory, args: [...PRELOAD, 'opentelemetry/queue.cjs'] })).toEqual([
      ['/first', []],
      ['/gray', ['gray_tag=gray']],
      ['/untagged', []],
      ['/gray', ['gray_tag=gray']],
      ['/last', []],
    ]);
  });

  const BEFORE = ['--require', './opentelemetry/with-undici.cjs', ...PRELOAD];
  /** Both calls of each handler. */
  const twice = (header: string) => [header, header];
  const CASES = [
    [{}, { untagged: [], foreign: twice('user=1'), tagged: twice('gray_tag=blue,user=1') }],
    [
      { GRAY_TAG: 'gray' },
      {
        untagged: twice('gray_tag=gray'),
        foreign: twice('gray_tag=gray,user=1'),
        tagged: twice('gray_tag=blue,user=1'),
      },
    ],
    [{ GRAY_INBOUND: 'ignore' }, { untagged: [], foreign: twice('user=1'), tagged: twice('user=1') }],
  ] as const;
  for (const node of chosenThatFit(() => true)) {
    it.each(CASES)(
      `one baggage header, also with its instrumentation: %j, Node.js ${node.name}`,
      async (env, expected) => {
        const app = (args: readonly string[]) => runJson({ node, cwd: sandbox.directory, env, args });
        const [behind, before] = await Promise.all([
          app([...PRELOAD, 'opentelemetry/fetch.cjs']),
          app([...BEFORE, 'opentelemetry/fetch.cjs', 'set up before']),
        ]);
        expect({ behind, before }).toEqual({ behind: expected, before: expected });
      },
    );
  }
});
