import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutTimes } from './agent-lines';
import { PRELOAD, run, runJson } from './child';
import { describeOnEachNode } from './each-node';
import { createSandbox, type Sandbox } from './sandbox';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({
    files: {
      'gray.json': '{ "tag": "file", "logLevel": "info" }',
      'no-json.json': '{ tag: }',
      'misspelled.json': '{ "tagg": "gray" }',
      'number.json': '{ "tag": 1 }',
      'off.json': '{ "enabled": false }',
    },
  });
});
afterAll(() => sandbox?.remove());

const start = (env: Record<string, string>) =>
  run({ cwd: sandbox.directory, env, args: [...PRELOAD, '-e', 'console.log("app runs")'] });

describe('a wrong setting ends the process before the application runs, with one line', () => {
  it.each<[Record<string, string>, string]>([
    [{ GRAY_TAG: 'a_b' }, 'GRAY_TAG=a_b; allowed: a letter or digit, then up to 31 letters, digits or hyphens'],
    [{ GRAY_TAG: 'base' }, 'GRAY_TAG=base; allowed: '],
    [{ GRAY_TAG: 'a\nb' }, 'GRAY_TAG=a?b; allowed: '],
    [{ ALICLOUD_SERVICE_TAG: 'a.b' }, 'ALICLOUD_SERVICE_TAG=a.b; allowed: '],
    [{ GRAY_ENABLED: 'maybe' }, 'GRAY_ENABLED=maybe; allowed: true or false'],
    [{ GRAY_MQ_BASELINE: 'some' }, 'GRAY_MQ_BASELINE=some; allowed: auto or all or none'],
    [{ GRAY_MQ_FILTER_SIDE: 'server' }, 'GRAY_MQ_FILTER_SIDE=server; allowed: auto or broker or client'],
    [{ GRAY_KEY: 'is' }, 'GRAY_KEY=is; allowed: an SQL92 identifier'],
    [{ GRAY_KEY: 'TAGS' }, 'GRAY_KEY=TAGS; allowed: an SQL92 identifier'],
    [{ GRAY_MQ_NAMESRV: 'localhost' }, 'GRAY_MQ_NAMESRV=localhost; allowed: host:port'],
    [{ GRAY_LOG_LEVEL: 'loud', GRAY_TAG: 'gray' }, 'GRAY_LOG_LEVEL=loud; allowed: silent or error'],
    [{ GRAY_CONFIG: 'nowhere.json' }, 'GRAY_CONFIG=nowhere.json; allowed: the path of a readable JSON file'],
    [{ GRAY_CONFIG: 'no-json.json' }, 'GRAY_CONFIG=no-json.json; allowed: the path of a readable JSON file'],
    [{ GRAY_CONFIG: 'misspelled.json' }, 'unknown key in misspelled.json=tagg; allowed: the keys tag, enabled'],
    [{ GRAY_CONFIG: 'number.json' }, 'tag in number.json=1; allowed: a letter or digit'],
  ])('%j', async (env, line) => {
    const { code, stdout, stderr } = await start(env);
    expect({ code, stdout, lines: stderr.split('\n').length - 1 }).toEqual({ code: 1, stdout: '', lines: 1 });
    expect(withoutTimes(stderr)).toContain(`[rocketmq-gray] error: wrong setting: ${line}`);
  });
});

describeOnEachNode(
  'a worker thread with an environment of its own',
  node => {
    it('has the settings of its process', async () => {
      const carried = (env: Record<string, string>) =>
        runJson({ node, cwd: sandbox.directory, env, args: [...PRELOAD, 'settings/worker.cjs'] });
      expect(await carried({ GRAY_TAG: 'gray' })).toEqual(['gray_tag=gray', 'gray_tag=gray', 'gray_tag=gray']);
      expect(await carried({ GRAY_TAG: 'gray', GRAY_ENABLED: 'false' })).toEqual(['none', 'none', 'none']);
    });
  },
  // Node.js 18 runs no preloads in such a thread.
  ({ major }) => major > 18,
);

describe('the line at start', () => {
  it.each<[Record<string, string>, string]>([
    [{}, 'baseline, version '],
    [{ GRAY_TAG: 'gray' }, 'tag gray, version '],
    [{ ALICLOUD_SERVICE_TAG: 'sae' }, 'tag sae, version '],
    [{ MSE_ALICLOUD_SERVICE_TAG: 'mse' }, 'tag mse, version '],
    [{ GRAY_CONFIG: 'gray.json' }, 'tag file, version '],
    [{ GRAY_CONFIG: 'gray.json', GRAY_TAG: 'env' }, 'tag env, version '],
  ])('with %j says %j', async (env, line) => {
    const { code, stdout, stderr } = await start(env);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'app runs\n' });
    expect(withoutTimes(stderr)).toMatch(new RegExp(`^\\[rocketmq-gray\\] ${line}\\d+\\.\\d+\\.\\d+\\n$`));
  });

  it.each<[Record<string, string>]>([
    [{ GRAY_LOG_LEVEL: 'warn' }],
    [{ GRAY_LOG_LEVEL: 'silent', GRAY_TAG: 'gray', GRAY_TYPO: '1' }],
    [{ GRAY_CONFIG: 'off.json', GRAY_TAG: 'gray' }],
  ])('with %j is not there', async env => {
    expect(await start(env)).toMatchObject({ code: 0, stdout: 'app runs\n', stderr: '' });
  });

  it('is followed by a warning for a variable that is no setting', async () => {
    const { stderr } = await start({ GRAY_TGA: 'gray' });
    expect(withoutTimes(stderr)).toMatch(
      /baseline.*\n\[rocketmq-gray\] warn: GRAY_TGA is not a setting of rocketmq-gray.*: is GRAY_TAG meant\?\n$/,
    );
  });
});

it('a wrong value of a variable of the application is a warning, and not used', async () => {
  const { code, stdout, stderr } = await start({ NAMESRV_ADDR: 'mq' });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'app runs\n' });
  expect(withoutTimes(stderr)).toMatch(/warn: not used: NAMESRV_ADDR=mq; allowed: host:port/);
});

describeOnEachNode('GRAY_ENABLED=false', node => {
  it('does nothing at all, whatever the other variables say', async () => {
    const app = { node, cwd: sandbox.directory };
    const wrong = { GRAY_TAG: 'a_b', GRAY_CONFIG: 'nowhere.json', GRAY_MQ_BASELINE: 'some' };
    const script = 'settings/fingerprint.cjs';
    const [bare, off, on] = await Promise.all([
      runJson({ ...app, args: [script] }),
      runJson({ ...app, env: { ...wrong, GRAY_ENABLED: 'false' }, args: [...PRELOAD, script] }),
      runJson({ ...app, args: [...PRELOAD, script] }),
    ]);
    expect(off).toEqual(bare);
    // The fingerprint tells a difference where there is one.
    expect(on).not.toEqual(bare);
  });
});
