/** Routes: calls by name over gRPC, with names from a hosts table of the application. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeVersion } from '../../fixtures/node-versions';
import { withoutTimes } from './agent-lines';
import { writeCertificate } from './certificate';
import { PRELOAD, runOk } from './child';
import { describeOnEachNode } from './each-node';
import { BASELINE, CANARY, HOSTS as NAMED_HOSTS, ROUTES } from './named-services';
import { createSandbox, type Sandbox } from './sandbox';

/** The oldest and the newest; between them those where calls or states of channels were rewritten. */
const OLDEST = '1.0.0';
const NEWEST = '^1.14.7';
const BETWEEN = ['1.3.8', '1.7.3', '1.8.22', '1.12.7'];
const VERSIONS = [OLDEST, ...BETWEEN, NEWEST];

const HOSTS = {
  ...NAMED_HOSTS,
  'strange.shop.svc': BASELINE,
  'strange-gray.shop.svc': CANARY,
  'svc-s.shop.svc': BASELINE,
  'svc-s-gray.shop.svc': 'slow',
};

const directoryOf = (version: string) => `grpc-${version.replace(/[^0-9.]/g, '')}`;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({
    dependencies: Object.fromEntries(VERSIONS.map(version => [directoryOf(version), `npm:@grpc/grpc-js@${version}`])),
  });
  for (const version of VERSIONS) sandbox.unalias(directoryOf(version), directoryOf(version), '@grpc/grpc-js');
  writeCertificate(sandbox, 'routes', 'DNS:svc-b.shop.svc');
});
afterAll(() => sandbox?.remove());

interface Answers {
  readonly result: Readonly<Record<string, unknown>>;
  readonly port: number;
}

async function run(
  version: string,
  scenarios: readonly string[],
  env: Record<string, string> = {},
  node?: NodeVersion,
) {
  const { stdout, stderr } = await runOk({
    cwd: sandbox.directory,
    args: [...PRELOAD, 'routes/grpc.cjs', directoryOf(version), ...scenarios],
    env: { HOSTS: JSON.stringify(HOSTS), GRAY_ROUTES: JSON.stringify(ROUTES), ...env },
    ...(node && { node }),
  });
  return { ...(JSON.parse(stdout) as Answers), lines: withoutTimes(stderr) };
}

/** Answers without the name that the server was called by, which it tells since 1.12. */
function nameless<T>(answers: T): T {
  const text = JSON.stringify(answers).replaceAll(/(base|gray) [a-z.-]+:\d+/g, '$1');
  return JSON.parse(text) as T;
}

/** What each kind of call is answered, of each name within each tag. */
function everyKind(): Record<string, string | readonly string[]> {
  const expected: Record<string, string | readonly string[]> = {};
  for (const name of ['svc-b.shop.svc', 'svc-c.shop.svc', 'named.example']) {
    for (const tag of ['none', 'gray', 'blue', 'base']) {
      const who = tag === 'gray' && name !== 'svc-c.shop.svc' ? 'gray' : 'base';
      const text = tag === 'none' ? who : `${who} gray_tag=${tag}`;
      const of = `${tag} ${name}`;
      expected[`${of} unary`] = text;
      expected[`${of} clientStream`] = `${text} 5`;
      expected[`${of} serverStream`] = [`${text} 0`, `${text} 1`, `${text} 2`];
      expected[`${of} bidi`] = [`${text} x`, `${text} y`];
    }
  }
  return expected;
}

async function check(version: string, node?: NodeVersion) {
  const scenarios = ['together', 'refused', 'fails', 'cancelled', 'deadlines', 'interceptors', 'closed'];
  const { result, lines } = await run(version, scenarios, {}, node);
  expect(nameless(result)).toEqual({
    together: { none: ['base true'], gray: ['gray true'], base: ['base true'] },
    refused: [...Array(4).fill('base gray_tag=gray'), 'base gray_tag=gray x', 'base gray_tag=gray y'],
    fails: ['UNAVAILABLE', 0, 1],
    // Nobody was asked for a call that was over before it was known who answers it.
    cancelled: ['CANCELLED', 0, 0, 'CANCELLED'],
    deadlines: ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'],
    interceptors: 'gray gray_tag=gray intercepted',
    closed: ['CANCELLED', 'Channel has been shut down', 'UNAVAILABLE'],
  });
  expect(lines.match(/GRAY-|warn|error/g)).toHaveLength(1);
  expect(lines).toMatch(/warn: svc-d-gray\.shop\.svc:\d+ takes no connection \(TRANSIENT_FAILURE\)/);
}

describeOnEachNode('calls behave as any call, whether their target is there or takes no connection', node => {
  it.each([OLDEST, NEWEST])('@grpc/grpc-js %s', version => check(version, node));
});

describe('the same with', () => {
  it.each(BETWEEN)('@grpc/grpc-js %s', version => check(version));
});

describe('each kind of call goes to the target of its tag, with', () => {
  it.each(VERSIONS)('@grpc/grpc-js %s', async version => {
    const { result } = await run(version, ['kinds']);
    expect(nameless(result.kinds)).toEqual(everyKind());
  });
});

describe.each(['1.3.8', '1.12.7', NEWEST])('@grpc/grpc-js %s', version => {
  it('servers prove the name that was called, and call credentials go along', async () => {
    const { result, lines } = await run(version, ['tls']);
    const of = (who: string) => `${who} gray_tag=gray credentials`;
    expect(nameless(result.tls)).toEqual(['base credentials', of('gray'), of('gray'), 'UNAVAILABLE']);
    expect(lines).toContain('strange-gray.shop.svc');
  });

  it('a target that comes back is called five seconds later', async () => {
    const { result } = await run(version, ['returns']);
    expect(result.returns).toEqual(['gray', 'base', 'base', 'base', 'gray']);
  });

  it('a canary that is called by its name, and addresses, are left alone', async () => {
    const { result } = await run(version, ['others']);
    const answers = result.others as string[];
    expect(answers.map(answer => answer.split(' ')[0])).toEqual(['gray', 'base', 'base', 'gray']);
  });
});

describe('the name that servers see', () => {
  it('is the one that was called', async () => {
    const { result, port } = await run(NEWEST, ['authority']);
    const [own, virtual] = ['gray own.example gray_tag=gray', 'gray virtual.example gray_tag=gray'];
    expect(result.authority).toEqual([`gray svc-b.shop.svc:${port} gray_tag=gray`, own, virtual, own]);
  });

  it('is the target where the route says so, unless the application gives one', async () => {
    const GRAY_ROUTES = JSON.stringify({ 'svc-b.shop.svc': { gray: 'svc-b-gray.shop.svc', host: 'target' } });
    const { result, port } = await run(NEWEST, ['authority'], { GRAY_ROUTES });
    const [own, virtual] = ['gray own.example gray_tag=gray', 'gray virtual.example gray_tag=gray'];
    expect(result.authority).toEqual([`gray svc-b-gray.shop.svc:${port} gray_tag=gray`, own, virtual, own]);
  });
});
