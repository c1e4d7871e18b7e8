/** What is read from the environment beside the agent's settings, and how settings come to worker threads. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { commandLineEnvironment, hasNoColor } from '../../src/config/command-line';
import { hasDebugOutput } from '../../src/config/debug-output';
import { environmentVariable, loadSettings } from '../../src/config/load';
import { preloadsPackage } from '../../src/config/preload-options';
import { processSettings } from '../../src/config/process-settings';

const threads = vi.hoisted(() => ({ isMainThread: true, data: new Map<unknown, unknown>() }));
vi.mock('node:worker_threads', () => ({
  get isMainThread() {
    return threads.isMainThread;
  },
  // Threads get a copy.
  setEnvironmentData: (key: unknown, value: unknown) => threads.data.set(key, structuredClone(value)),
  getEnvironmentData: (key: unknown) => threads.data.get(key),
}));
afterEach(() => {
  vi.unstubAllEnvs();
  threads.data.clear();
  threads.isMainThread = true;
});

describe('the command line', () => {
  it('has the settings of the agent, be it switched off', () => {
    const { settings } = commandLineEnvironment({ GRAY_ENABLED: 'false', GRAY_MQ_NAMESRV: 'a:1' });
    expect([settings.enabled, settings.mqNamesrv]).toEqual([true, 'a:1']);
  });

  it.each([
    [{}, {}],
    [{ ROCKETMQ_ACCESS_KEY: '', ROCKETMQ_SECRET_KEY: 's' }, { secretKey: 's' }],
    [
      { ROCKETMQ_ACCESS_KEY: 'a', ROCKETMQ_SECRET_KEY: 's', ROCKETMQ_SECURITY_TOKEN: 't' },
      { accessKey: 'a', secretKey: 's', securityToken: 't' },
    ],
  ])('knows of an account what %j says', (environment, account) => {
    expect(Object.entries(commandLineEnvironment(environment).account)).toEqual(Object.entries(account));
  });

  it('prints no colours where NO_COLOR says so', () => {
    expect([{}, { NO_COLOR: '' }, { NO_COLOR: '0' }].map(hasNoColor)).toEqual([false, false, true]);
  });
});

describe('this process', () => {
  it('may have been started for debug output', () => {
    vi.stubEnv('DEBUG', undefined);
    expect(hasDebugOutput()).toBe(false);
    vi.stubEnv('DEBUG', 'x');
    expect(hasDebugOutput()).toBe(true);
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['  ', undefined],
    [' a ', 'a'],
  ])('says in a variable %j: %j', (value, read) => {
    vi.stubEnv('SOME_VARIABLE', value);
    expect(environmentVariable('SOME_VARIABLE')).toBe(read);
  });

  it('is looked at for the preload', () => {
    vi.stubEnv('NODE_OPTIONS', undefined);
    expect(preloadsPackage()).toBe(false);
    vi.stubEnv('NODE_OPTIONS', '--require rocketmq-gray');
    expect(preloadsPackage()).toBe(true);
  });
});

describe('settings of a worker thread', () => {
  const launch = (environment: Record<string, string>) => ({ environment, pending: new Set<string>(), outputs: {} });
  const tagOf = (environment: Record<string, string>) => processSettings(launch(environment)).loaded.settings.tag;

  it('are those of the main thread, whatever its own environment', () => {
    expect(tagOf({ GRAY_TAG: 'gray' })).toBe('gray');
    threads.isMainThread = false;
    expect([tagOf({}), tagOf({ GRAY_TAG: 'blue' })]).toEqual(['gray', 'gray']);
    threads.isMainThread = true;
    expect(tagOf({ GRAY_TAG: 'blue' })).toBe('blue');
  });

  it('are its own where the main thread has no agent, or one of another version', () => {
    threads.isMainThread = false;
    expect(tagOf({ GRAY_TAG: 'gray' })).toBe('gray');
    // A thread tells no other.
    expect(threads.data.size).toBe(0);
    threads.isMainThread = true;
    tagOf({ GRAY_TAG: 'gray' });
    const [key, kept] = [...threads.data][0] as [string, { version: string }];
    expect(key).toBe('rocketmq-gray.settings');
    threads.data.set(key, { ...kept, version: '0.0.1' });
    threads.isMainThread = false;
    expect(tagOf({ GRAY_TAG: 'blue' })).toBe('blue');
  });
});

describe('settings', () => {
  it.each<[Record<string, string>, object]>([
    [{ GRAY_MQ_NAMESRV: 'http://a:1;b:2' }, { mqNamesrv: 'a:1;b:2' }],
    [{ GRAY_LOG_TO: 'stderr' }, { logTo: 'stderr' }],
    [{ GRAY_LOG_TO: 'gray.log' }, { logTo: '/srv/gray.log' }],
  ])('%j', (environment, expected) => {
    expect(loadSettings(environment, { directory: '/srv' }).settings).toMatchObject(expected);
  });

  it.each([
    { GRAY_LOG_TO: 'logs/' },
    { GRAY_LOG_TO: 'a\0b' },
    { GRAY_MQ_NAMESRV: 'a:1http://b:2' },
    { GRAY_MQ_NAMESRV: ';' },
  ])('%j is wrong', environment => {
    expect(() => loadSettings(environment)).toThrow(/expected|allowed|must/);
  });

  it('that what starts the process needs: lines on standard output, unless somebody says else', () => {
    expect(loadSettings({}, { logTo: 'stdout' }).sources.logTo).toEqual({ from: 'launch' });
    const named = loadSettings({ GRAY_LOG_TO: 'stderr' }, { logTo: 'stdout' });
    expect(named.settings.logTo).toBe('stderr');
  });

  it('that have no effect are told of: declared tags where nobody hands over', () => {
    const notices = (mode: string) =>
      loadSettings({ GRAY_MQ_TAGS: 'gray', GRAY_MQ_BASELINE: mode }).notices.map(({ type }) => type);
    expect([notices('auto'), notices('all'), notices('none')]).toEqual([
      [],
      ['tags without auto'],
      ['tags without auto'],
    ]);
  });

  it('a wrong value is shown, up to 200 characters of it', () => {
    const shown = (length: number) => {
      try {
        loadSettings({ GRAY_TAG: '_'.repeat(length) });
      } catch (error) {
        return /_+…?/.exec((error as Error).message.replace('GRAY_TAG', ''))?.[0];
      }
      return undefined;
    };
    expect(shown(200)).toBe('_'.repeat(200));
    expect(shown(201)).toBe(`${'_'.repeat(200)}…`);
  });
});
