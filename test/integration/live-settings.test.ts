/** The document with settings while processes run: a file, a mounted ConfigMap, a configuration of a real Nacos. */
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Nacos } from '../../fixtures/nacos';
import { freePort } from '../../fixtures/servers/free-ports';
import { until } from '../../fixtures/servers/until';
import { takeNacos } from '../../fixtures/warm-servers/take';
import type { ProcessReport } from '../../src/process-status/process-report';
import { withoutTimes } from './agent-lines';
import { PRELOAD, type RunningChild, run, runOk, start } from './child';
import { createSandbox, type Sandbox } from './sandbox';

const APP = 'settings/live.cjs';
const rules = (...tags: string[]) => ({ rules: tags.map(tag => ({ tag })) });
const digits = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 7);

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
});
afterAll(() => sandbox?.remove());

interface Running {
  readonly child: RunningChild;
  /** The tag of a request that brings none. */
  tag(path?: string): Promise<string>;
  /** What it said, without times. */
  lines(): string[];
}

async function running(env: Record<string, string>): Promise<Running> {
  const child = start({ cwd: sandbox.directory, args: [...PRELOAD, APP], env });
  const port = (await child.waitFor('port ')).split(' ')[1];
  return {
    child,
    tag: async (path = '/tag') => (await fetch(`http://127.0.0.1:${port}${path}`)).text(),
    lines: () => withoutTimes(child.stderr).split('\n').slice(0, -1),
  };
}

const soon = (what: string, condition: () => Promise<boolean>, ms = 20_000) => until(what, ms, condition);
const becomes = ({ tag }: Running, expected: string, ms?: number) =>
  soon(`tag ${expected}`, async () => (await tag()) === expected, ms);

describe('a file', () => {
  it('takes effect while the process runs; what is wrong or gone changes nothing; the process still ends by itself', async () => {
    const file = sandbox.path('live/gray.json');
    const status = sandbox.path('live.sock');
    const write = (content: unknown) => {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      sandbox.write('live/gray.json.new', text);
      renameSync(sandbox.path('live/gray.json.new'), file);
      return digits(text);
    };
    const first = write({ ...rules('gray'), key: 'lane', status });
    const app = await running({ GRAY_CONFIG: 'live/gray.json' });
    expect(await app.tag()).toBe('gray');

    const second = write({ ...rules('blue', 'gray'), key: 'other', mqIgnoreTags: ['pr-42'] });
    await becomes(app, 'blue');
    // In place, as `>` of a shell writes.
    writeFileSync(file, JSON.stringify({ ...rules('green'), inbound: 'ignore' }));
    await becomes(app, 'green');
    const third = digits(JSON.stringify({ ...rules('green'), inbound: 'ignore' }));

    const refused = write({ rules: [{ tag: 'no_tag' }], mqTags: ['a'] });
    await app.child.waitFor('are refused as a whole');
    rmSync(file);
    await app.child.waitFor('is missing or empty');
    expect(await app.tag()).toBe('green');

    const socket = await runOk({
      cwd: sandbox.directory,
      args: [sandbox.commandLine, 'status', status, '--json'],
    });
    const report = JSON.parse(socket.stdout) as ProcessReport;
    expect(report.document).toEqual({ name: 'live/gray.json', digits: third });
    expect(report.counts.settingsChanges).toEqual([
      { result: 'taken', count: 2 },
      { result: 'refused', count: 1 },
      { result: 'missing', count: 1 },
    ]);
    expect(report.settings.find(({ name }) => name === 'inbound')?.value).toBe('ignore');

    // Neither timers nor the watch keep it alive.
    expect(await app.tag('/end')).toBe('green');
    expect((await app.child.ended).code).toBe(0);
    expect(app.lines().slice(1)).toEqual([
      `[rocketmq-gray] settings ${second}: mqIgnoreTags [] -> [pr-42], rules 1 -> 2`,
      `[rocketmq-gray] warn: settings ${second}: key lane -> other, status ${status} -> none takes effect at a restart`,
      `[rocketmq-gray] settings ${third}: mqIgnoreTags [pr-42] -> [], inbound accept -> ignore, rules 2 -> 1`,
      `[rocketmq-gray] warn: settings ${third}: key lane -> gray_tag, status ${status} -> none takes effect at a restart`,
      `[rocketmq-gray] error: settings ${refused} are refused as a whole, ${third} stays in force: rules[0].tag in live/gray.json="no_tag"; allowed: a letter or digit, then up to 31 letters, digits or hyphens; base is the baseline`,
      `[rocketmq-gray] warn: live/gray.json is missing or empty, ${third} stays in force`,
    ]);
    expect(first).not.toBe(second);
  });

  it('of a mounted ConfigMap is followed through the link that is swapped, also by worker threads that come later', async () => {
    const mount = sandbox.path('mounted');
    const revision = (name: string, content: object) => {
      mkdirSync(join(mount, name), { recursive: true });
      writeFileSync(join(mount, name, 'gray.json'), JSON.stringify(content));
      symlinkSync(name, join(mount, '..data.new'));
      renameSync(join(mount, '..data.new'), join(mount, '..data'));
    };
    revision('..1', rules('gray'));
    symlinkSync('..data/gray.json', join(mount, 'gray.json'));
    const app = await running({ GRAY_CONFIG: join(mount, 'gray.json') });
    expect(await app.tag()).toBe('gray');
    revision('..2', rules('blue'));
    rmSync(join(mount, '..1'), { recursive: true });
    await becomes(app, 'blue');
  });

  it('gives way to variables, which say so once', async () => {
    sandbox.write('hidden.json', JSON.stringify({ ...rules('gray'), tag: 'file' }));
    const app = await running({ GRAY_CONFIG: 'hidden.json', GRAY_RULES: '[{ "tag": "blue" }]' });
    expect(await app.tag()).toBe('blue');
    writeFileSync(sandbox.path('hidden.json'), JSON.stringify({ ...rules('green'), tag: 'file', mqTags: ['a'] }));
    await app.child.waitFor('mqTags [] -> [a]');
    expect(await app.tag()).toBe('blue');
    const hides = app.lines().filter(line => line.includes('hides'));
    expect(hides).toEqual(['[rocketmq-gray] warn: GRAY_RULES hides rules of hidden.json']);
  });
});

describe('a configuration of Nacos', () => {
  let nacos: Nacos;
  let silent: Server;
  beforeAll(async () => {
    nacos = await takeNacos();
    silent = createServer(() => {});
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    silent?.close();
    await nacos?.stop();
  });

  const publish = async (dataId: string, content: string) => {
    const body = new URLSearchParams({ dataId, group: 'shop', content });
    const response = await fetch(`http://${nacos.address}/nacos/v1/cs/configs`, { method: 'POST', body });
    expect(await response.text()).toBe('true');
  };

  it('is read at the start, and followed; deleted, it stays in force', async () => {
    await publish('gray.json', JSON.stringify({ ...rules('gray'), tag: 'canary' }));
    const url = `nacos://${nacos.address}/gray.json?group=shop`;
    // A dump of the server comes after its answer.
    const question = () => run({ cwd: sandbox.directory, args: [...PRELOAD, '-e', ''], env: { GRAY_CONFIG: url } });
    await soon('the document is there', async () => (await question()).stderr.includes('tag canary'));
    const app = await running({ GRAY_CONFIG: url });
    expect(app.lines()[0]).toContain('tag canary');
    expect(await app.tag()).toBe('gray');

    const text = JSON.stringify({ ...rules('blue'), tag: 'canary' });
    await publish('gray.json', text);
    await becomes(app, 'blue', 40_000);
    expect(app.lines().at(-1)).toBe(`[rocketmq-gray] settings ${digits(text)}: rules 1 -> 1 (others)`);

    await fetch(`http://${nacos.address}/nacos/v1/cs/configs?dataId=gray.json&group=shop`, { method: 'DELETE' });
    await app.child.waitFor(`${url} is missing or empty, ${digits(text)} stays in force`, 40_000);
    expect(await app.tag('/end')).toBe('blue');
    expect((await app.child.ended).code).toBe(0);
  });

  it.each<[string, () => Promise<string> | string, RegExp]>([
    ['refuses', async () => `127.0.0.1:${await freePort()}`, /ECONNREFUSED/],
    ['does not answer', () => `127.0.0.1:${(silent.address() as { port: number }).port}`, /no answer within 2000 ms/],
    ['has no such document', () => nacos.address, /there is no such document/],
  ])('that %s leaves a start to what the environment says, with a warning', async (_name, address, problem) => {
    const env = {
      GRAY_CONFIG: `nacos://${await address()}/none.json`,
      GRAY_RULES: JSON.stringify(rules('green').rules),
    };
    const app = await running(env);
    expect(await app.tag('/end')).toBe('green');
    expect((await app.child.ended).code).toBe(0);
    expect(app.lines()).toHaveLength(2);
    expect(app.lines()[1]).toMatch(/warn: nacos:.* gives no settings/);
    expect(app.lines()[1]).toMatch(problem);
  });

  it('that is wrong ends a start, as a file does', async () => {
    await publish('wrong.json', '{ "rules": 1 }');
    const args = [...PRELOAD, '-e', 'console.log("app runs")'];
    const env = { GRAY_CONFIG: `nacos://${nacos.address}/wrong.json?group=shop` };
    await soon('the document is there', async () => (await run({ cwd: sandbox.directory, args, env })).code === 1);
    const { stdout, stderr } = await run({ cwd: sandbox.directory, args, env });
    expect(stdout).toBe('');
    expect(stderr).toContain(`rules in ${env.GRAY_CONFIG}=1; allowed: a list of rules`);
  });

  it.each(['nacos://', 'nacos://host:8848/', 'nacos://host/a?tenant=b', 'nacos://user:secret@host/a'])(
    '%s is no such URL',
    async url => {
      const { code, stderr } = await run({
        cwd: sandbox.directory,
        args: [...PRELOAD, '-e', ''],
        env: { GRAY_CONFIG: url },
      });
      expect(code).toBe(1);
      expect(stderr).toContain('allowed: nacos://host:8848/<dataId>?group=<group>&namespace=<id>');
    },
  );
});
