import { describe, expect, it } from 'vitest';
import { isTool as isToolOfOldNode } from '../../register/not-started.js';
import { isTool, readLaunch } from '../../src/config/launch';
import { loadSettings } from '../../src/config/load';

const pm2 = (settings: object, own: Record<string, string> = {}) => ({ ...own, pm2_env: JSON.stringify(settings) });
const settingsOf = (environment: Record<string, string>) => {
  const launch = readLaunch(environment, ['node', '/srv/app.js']);
  return loadSettings(launch.environment, launch);
};

describe('PM2 in cluster mode', () => {
  it('is about to set variables, which win over those of its own process', () => {
    const { settings, sources } = settingsOf(pm2({ GRAY_TAG: 'gray', GRAY_MQ_ENABLED: false }, { GRAY_TAG: 'blue' }));
    expect([settings.tag, settings.mqEnabled]).toEqual(['gray', false]);
    expect(sources.tag).toEqual({ from: 'environment', variable: 'GRAY_TAG', isPending: true });
  });

  it('leaves the variables that it does not set', () => {
    const { settings, sources } = settingsOf(pm2({ name: 'orders' }, { GRAY_TAG: 'blue' }));
    expect(settings.tag).toBe('blue');
    expect(sources.tag).toEqual({ from: 'environment', variable: 'GRAY_TAG' });
  });

  it('gives its own variable to nobody', () => {
    expect(readLaunch(pm2({ GRAY_TAG: 'gray' }), []).environment).toEqual({ GRAY_TAG: 'gray' });
  });

  it.each(['', '{', 'null', '5', '"text"'])('with %j as its settings is as if it was not there', text => {
    const environment = { pm2_env: text, GRAY_TAG: 'gray' };
    expect(readLaunch(environment, [])).toEqual({ environment, pending: new Set(), outputs: {} });
  });

  it('begins in a directory of its own choice, which relative paths are of', () => {
    const settings = { pm_cwd: '/srv/orders', GRAY_STATUS: 'run/', GRAY_LOG_TO: 'gray.log' };
    expect(settingsOf(pm2(settings)).settings).toMatchObject({
      status: '/srv/orders/run/',
      logTo: '/srv/orders/gray.log',
    });
    expect(settingsOf(pm2({ ...settings, GRAY_STATUS: '/run/gray', GRAY_LOG_TO: 'stdout' })).settings).toMatchObject({
      status: '/run/gray',
      logTo: 'stdout',
    });
  });

  it.each<[object, object]>([
    [
      { pm_err_log_path: '/e', pm_out_log_path: '/o' },
      { stderr: '/e', stdout: '/o' },
    ],
    [
      { pm_err_log_path: 'NULL', pm_out_log_path: '' },
      { stderr: undefined, stdout: undefined },
    ],
    [{ pm_err_log_path: 5 }, { stderr: undefined, stdout: undefined }],
  ])('%j: its output goes to %j', (settings, outputs) => {
    expect(readLaunch(pm2(settings), []).outputs).toEqual(outputs);
  });
});

describe('Egg', () => {
  it.each<[string, string]>([
    ['/srv/node_modules/egg-scripts/lib/start-cluster', 'stdout'],
    ['/srv/node_modules/egg-cluster/lib/app_worker.js', 'stdout'],
    ['/srv/node_modules/@eggjs/cluster/dist/commonjs/agent_worker.js', 'stdout'],
    ['/srv/node_modules/.pnpm/@eggjs+scripts@4.0.0/node_modules/@eggjs/scripts/scripts/start-cluster.mjs', 'stdout'],
    ['C:\\srv\\node_modules\\egg-cluster\\lib\\app_worker.js', 'stdout'],
    ['/srv/egg-scripts/app.js', 'stderr'],
    ['/srv/node_modules/egg/index.js', 'stderr'],
  ])('%s: lines go to %s', (script, logTo) => {
    const launch = readLaunch({}, ['node', script]);
    expect(loadSettings({}, launch).settings.logTo).toBe(logTo);
    expect(loadSettings({ GRAY_LOG_TO: '/a' }, launch).settings.logTo).toBe('/a');
  });
});

it.each<[string | undefined, boolean]>([
  ['/usr/bin/npm', true],
  ['/usr/bin/npx', true],
  ['/usr/lib/node_modules/npm/bin/npx-cli.js', true],
  ['/usr/lib/node_modules/pnpm/bin/pnpm.cjs', true],
  ['/usr/lib/node_modules/yarn/bin/yarn.js', true],
  ['/srv/.yarn/releases/yarn-4.5.0.cjs', true],
  ['/usr/lib/node_modules/corepack/dist/yarn.js', true],
  ['/usr/bin/pm2-runtime', true],
  ['/usr/lib/node_modules/pm2/lib/Daemon.js', true],
  ['/usr/lib/node_modules/pm2/bin/pm2', true],
  ['/srv/node_modules/egg-scripts/bin/egg-scripts.js', true],
  ['/srv/node_modules/.bin/rocketmq-gray', true],
  ['/srv/node_modules/rocketmq-gray/dist/cli.js', true],
  ['/usr/lib/node_modules/pm2/lib/ProcessContainer.js', false],
  ['/usr/lib/node_modules/pm2/lib/ProcessContainerFork.js', false],
  ['/srv/node_modules/egg-scripts/lib/start-cluster', false],
  ['/srv/npm.js', false],
  ['/srv/npm/index.js', false],
  ['/srv/app.js', false],
  [undefined, false],
])('%s is a tool: %s, also where the agent cannot start', (script, expected) => {
  expect(isTool(script)).toBe(expected);
  expect(isToolOfOldNode(script)).toBe(expected);
});
