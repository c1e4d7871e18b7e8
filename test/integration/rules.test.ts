import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutTimes } from './agent-lines';
import { PRELOAD, run, runOk } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

const RULES = {
  rules: [
    { tag: 'base', match: { headers: { 'user-agent': { prefix: 'kube-probe/' } } } },
    { tag: 'gray', match: { headers: { 'x-user-id': { in: ['1001', '1002'] } } } },
    { tag: 'blue', match: { path: { prefix: '/shop.Service/' }, method: { exact: 'POST' } } },
    { tag: 'gray', match: { path: { prefix: '/api/' } }, percent: 5, by: { cookie: 'uid' } },
  ],
};
const REQUESTS = {
  http: {
    nobody: { path: '/' },
    probe: { path: '/', headers: { 'User-Agent': 'kube-probe/1.30', 'X-User-Id': '1001' } },
    listed: { path: '/', headers: { 'X-User-Id': '1002' } },
    shared: { path: '/api/x?a=b', headers: { Cookie: 'a=b; uid=user-12' } },
    elsewhere: { path: '/other', headers: { Cookie: 'a=b; uid=user-12' } },
    tagged: { path: '/', headers: { 'X-User-Id': '1001', baggage: 'gray_tag=green' } },
    malformed: { path: '/', headers: { 'X-User-Id': '1001', baggage: 'gray_tag=a_b' } },
  },
  grpc: {
    'by path': { path: '/shop.Service/get' },
    nobody: { path: '/shop.Other/put' },
    'by metadata': { path: '/shop.Other/put', headers: { 'x-user-id': '1001' } },
    tagged: { path: '/shop.Service/get', headers: { baggage: 'gray_tag=green' } },
  },
};

let sandbox: Sandbox;
let command: string;
beforeAll(async () => {
  sandbox = await createSandbox({
    dependencies: { '@grpc/grpc-js': '^1.14.7' },
    files: {
      'gray.json': JSON.stringify(RULES),
      'wrong.json': '{ "rules": [{ "tag": "a", "match": { "path": "/" } }] }',
    },
  });
  command = sandbox.commandLine;
});
afterAll(() => sandbox?.remove());

type Answers = Readonly<Record<'http' | 'http2' | 'grpc', Readonly<Record<string, string>>>>;

async function handled(env: Record<string, string>, node?: { path: string }) {
  const { stdout, stderr } = await runOk({
    cwd: sandbox.directory,
    args: [...PRELOAD, 'rules/servers.cjs', JSON.stringify(REQUESTS)],
    env: { GRAY_CONFIG: 'gray.json', ...env },
    ...(node && { node }),
  });
  return { answers: JSON.parse(stdout) as Answers, lines: withoutTimes(stderr) };
}

/** Handled within a tag, which calls carry. */
const within = (tag: string) => `${tag}, gray_tag=${tag}`;
const EXPECTED = {
  nobody: 'none, none',
  probe: within('base'),
  listed: within('gray'),
  shared: within('gray'),
  elsewhere: 'none, none',
  tagged: within('green'),
  malformed: within('gray'),
};

describeOnEachNode('a request that comes in without a tag gets the one of the first rule that it matches', node => {
  it('over HTTP/1, HTTP/2 and gRPC', async () => {
    const { answers } = await handled({}, node);
    expect(answers).toEqual({
      http: EXPECTED,
      http2: EXPECTED,
      grpc: {
        'by path': within('blue'),
        nobody: 'none, none',
        'by metadata': within('gray'),
        tagged: within('green'),
      },
    });
  });
});

describe('rules', () => {
  it('win over the tag of the instance', async () => {
    const { answers } = await handled({ GRAY_TAG: 'canary' });
    const untagged = 'none, gray_tag=canary';
    expect(answers.http).toEqual({ ...EXPECTED, nobody: untagged, elsewhere: untagged });
  });

  it('decide where tags of callers are ignored', async () => {
    const { answers } = await handled({ GRAY_INBOUND: 'ignore' });
    expect(answers.http).toEqual({ ...EXPECTED, tagged: within('gray') });
    expect(answers.grpc.tagged).toBe(within('blue'));
  });

  it('say with each request what they made of it, with GRAY_LOG_LEVEL=debug, and nothing that is secret', async () => {
    const { lines } = await handled({ GRAY_LOG_LEVEL: 'debug' });
    expect(lines).toContain('debug: GET /api/x has no tag, rule 4 gives it gray\n');
    expect(lines).toContain('debug: GET /other has no tag and matches no rule\n');
    expect(lines).toContain('debug: POST /shop.Service/get has no tag, rule 3 gives it blue\n');
    expect(lines).not.toMatch(/user-12|a=b/);
  });

  it('that are wrong end the process, with the entry that is', async () => {
    const { code, stderr } = await run({
      cwd: sandbox.directory,
      args: [...PRELOAD, '-e', ''],
      env: { GRAY_CONFIG: 'wrong.json' },
    });
    expect(code).toBe(1);
    expect(withoutTimes(stderr)).toBe(
      '[rocketmq-gray] error: wrong setting: rules[0].match.path in wrong.json="/"; allowed: an object with the keys exact, prefix, in, present, not\n',
    );
  });
});

describe('rocketmq-gray rules', () => {
  const ask = (args: readonly string[], env = {}) =>
    run({ cwd: sandbox.directory, args: [command, 'rules', ...args], env });

  it('says which rule matches, and why the ones before it do not', async () => {
    const { code, stdout } = await ask([
      '--file',
      'gray.json',
      '--url',
      '/api/x?uid=7',
      '--header',
      'cookie: uid=user-12',
    ]);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'rule 1  base  no       there is no header user-agent; wanted: begins with "kube-probe/"',
      'rule 2  gray  no       there is no header x-user-id; wanted: is one of ["1001","1002"]',
      'rule 3  blue  no       method is "GET"; wanted: is "POST"',
      'rule 4  gray  matches  path is "/api/x", which begins with "/api/"; cookie uid is "user-12" (bucket 409), which is in a bucket below 500',
      'The request gets the tag gray.',
      '',
    ]);
  });

  it('says the bucket of a user who is in none of the shares', async () => {
    const { stdout } = await ask(['--url', '/api/x', '--header', 'cookie: uid=7'], { GRAY_CONFIG: 'gray.json' });
    expect(stdout).toContain('cookie uid is "7" (bucket 1243); wanted: is in a bucket below 500');
    expect(stdout).toContain('No rule matches: the request gets no tag.');
  });

  it('says that a tag which comes in wins', async () => {
    const { stdout } = await ask(['--file', 'gray.json', '--url', '/', '--header', 'baggage: gray_tag=green']);
    expect(stdout).toBe('The request carries the tag green, which wins: no rule is asked.\n');
  });

  it.each<[string, string[], Record<string, string>, string]>([
    ['no rules', ['--url', '/'], {}, 'which rules? --file, GRAY_CONFIG or GRAY_RULES'],
    ['a wrong file', ['--file', 'wrong.json', '--url', '/'], {}, 'rules[0].match.path in wrong.json="/"'],
    ['no URL', ['--file', 'gray.json'], {}, "required option '--url <target>' not specified"],
    ['a field that is none', ['--file', 'gray.json', '--url', '/', '--header', 'a'], {}, 'Allowed: name: value.'],
  ])('refuses %s', async (_name, args, env, problem) => {
    const { code, stderr } = await ask(args, env);
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
  });
});
