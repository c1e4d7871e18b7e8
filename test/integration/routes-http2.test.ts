/** Routes: calls by name over node:http2, with names from a hosts table of the application. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeVersion } from '../../fixtures/node-versions';
import { freePort } from '../../fixtures/servers/free-ports';
import { withoutTimes } from './agent-lines';
import { writeCertificate } from './certificate';
import { PRELOAD, runOk } from './child';
import { describeOnEachNode } from './each-node';
import { BASELINE, HOSTS as NAMED_HOSTS, ROUTES } from './named-services';
import { createSandbox, type Sandbox } from './sandbox';

const HOSTS = { ...NAMED_HOSTS, 'ported.example': BASELINE };
const NAMES = ['svc-b.shop.svc', 'svc-c.shop.svc', 'svc-d.shop.svc', 'named.example'];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
  writeCertificate(sandbox, 'routes', NAMES.map(name => `DNS:${name}`).join());
});
afterAll(() => sandbox?.remove());

interface Answers {
  readonly result: Readonly<Record<string, unknown>>;
  readonly port: number;
  readonly tlsPort: number;
}

async function run(scenario: string, env: Record<string, string> = {}, node?: NodeVersion) {
  const { stdout, stderr } = await runOk({
    cwd: sandbox.directory,
    args: [...PRELOAD, 'routes/http2.cjs', scenario],
    env: { HOSTS: JSON.stringify(HOSTS), GRAY_ROUTES: JSON.stringify(ROUTES), ...env },
    ...(node && { node }),
  });
  const { result, ...rest } = JSON.parse(stdout) as Answers;
  return { answers: result[scenario], ...rest, lines: withoutTimes(stderr).split('\n').slice(1, -1) };
}

describeOnEachNode('a stream goes to the target of its tag, from the first on', node => {
  it('else to the baseline; the names that were called stay, and what is asked comes back in its flow', async () => {
    const { answers, port, tlsPort, lines } = await run('first', {}, node);
    const expected: Record<string, unknown> = { sessions: 0 };
    for (const name of NAMES) {
      for (const tag of ['none', 'gray', 'blue', 'base']) {
        const who = tag === 'gray' && /svc-b|named/.test(name) ? 'gray' : 'base';
        const baggage = tag === 'none' ? [] : [`gray_tag=${tag}`];
        const plain = [who, `${name}:${port}`, ...baggage, 'body'].join(' ');
        const secure = [who, `${name}:${tlsPort}`, ...baggage, name, 'body'].join(' ');
        expected[`${tag} http ${name}`] = [plain, plain];
        expected[`${tag} https ${name}`] = [secure, secure];
      }
    }
    expect(answers).toEqual(expected);
    // Of each of its two ports.
    expect(lines.map(line => line.replace(/:\d+/g, ''))).toEqual(
      Array(2).fill(
        '[rocketmq-gray] warn: svc-d-gray.shop.svc takes no connection (ECONNREFUSED): the baseline is called, and svc-d-gray.shop.svc is left alone for 5 s',
      ),
    );
  });

  it('which is called again five seconds after it came back', async () => {
    const { answers } = await run('returns', {}, node);
    expect(answers).toEqual(['gray', 'base', 'base', 'base', 'gray', 'gray']);
  });

  it('own names and own connections of the application are left alone; what is destroyed takes its streams along', async () => {
    const { answers, port } = await run('others', {}, node);
    expect(answers).toEqual([
      'gray own.example gray_tag=gray body',
      'no answer',
      'ERR_HTTP2_INVALID_SESSION',
      `base svc-b.shop.svc:${port} gray_tag=gray body`,
      `gray svc-b-gray.shop.svc:${port} body`,
      `gray svc-b-gray.shop.svc:${port} gray_tag=gray body`,
    ]);
  });
});

describe('a target', () => {
  it('may be at another port', async () => {
    const OTHER_PORT = String(await freePort());
    const GRAY_ROUTES = JSON.stringify({ 'ported.example': { gray: `canary.example:${OTHER_PORT}` } });
    const { answers, port } = await run('port', { OTHER_PORT, GRAY_ROUTES });
    const called = `ported.example:${port}`;
    expect(answers).toEqual([`base ${called} body`, `gray ${called} gray_tag=gray body`]);
  });

  it('gets its own name as :authority where the route says so', async () => {
    const GRAY_ROUTES = JSON.stringify({ 'svc-b.shop.svc': { gray: 'svc-b-gray.shop.svc', host: 'target' } });
    const { answers, port } = await run('unref', { GRAY_ROUTES });
    expect(answers).toEqual(Array(2).fill(`gray svc-b-gray.shop.svc:${port} gray_tag=gray body`));
  });
});

it('a session that keeps no process alive has none beside it that does', async () => {
  const { answers } = await run('unref');
  expect(answers).toHaveLength(2);
});
