import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings, SettingError } from '../../src/config/load';
import { SETTINGS, type Settings } from '../../src/config/settings';

const DEFAULTS: Settings = {
  tag: undefined,
  enabled: true,
  mqEnabled: true,
  key: 'gray_tag',
  mqBaseline: 'auto',
  mqTags: [],
  mqIgnoreTags: [],
  mqRetention: ['3h30m'],
  mqStandIns: 2,
  mqFilterSide: 'auto',
  mqAlso: undefined,
  mqNamesrv: undefined,
  mqProxyRemoting: undefined,
  mqTls: 'off',
  inbound: 'accept',
  interop: [],
  rules: [],
  routes: {},
  logLevel: 'info',
  logTo: 'stderr',
  onFailure: undefined,
  status: undefined,
};

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-config-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function configFile(content: unknown): string {
  const path = join(directory, `${Math.random()}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** The message of the error that `environment` leads to. */
function errorOf(environment: Record<string, string>): string {
  try {
    loadSettings(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingError);
    return (error as Error).message;
  }
  throw new Error(`no error for ${JSON.stringify(environment)}`);
}

function valuesIn(environment: Record<string, string>) {
  const { settings, notices } = loadSettings(environment);
  return { settings, notices };
}

describe('environment', () => {
  it('may say nothing', () => {
    expect(valuesIn({ PATH: '/bin' })).toEqual({ settings: DEFAULTS, notices: [] });
  });

  it.each<[Record<string, string>, Partial<Settings>]>([
    [{ GRAY_TAG: 'gray' }, { tag: 'gray' }],
    [{ GRAY_TAG: ' gray ' }, { tag: 'gray' }],
    [{ GRAY_TAG: '' }, {}],
    [{ GRAY_TAG: '  ' }, {}],
    [{ GRAY_TAG: 'a'.repeat(32) }, { tag: 'a'.repeat(32) }],
    [{ ALICLOUD_SERVICE_TAG: 'gray' }, { tag: 'gray' }],
    [{ MSE_ALICLOUD_SERVICE_TAG: 'gray' }, { tag: 'gray' }],
    [{ MSE_ALICLOUD_SERVICE_TAG: 'c', ALICLOUD_SERVICE_TAG: 'b', GRAY_TAG: 'a' }, { tag: 'a' }],
    [{ MSE_ALICLOUD_SERVICE_TAG: 'c', ALICLOUD_SERVICE_TAG: 'b', GRAY_TAG: '' }, { tag: 'b' }],
    [{ GRAY_ENABLED: 'true' }, {}],
    [{ GRAY_ENABLED: '1' }, {}],
    [{ GRAY_ENABLED: 'FALSE' }, { enabled: false }],
    [{ GRAY_ENABLED: '0' }, { enabled: false }],
    [{ GRAY_MQ_ENABLED: 'false' }, { mqEnabled: false }],
    [{ PROFILER_MICRO_SERVICE_MQ_GRAY_ENABLE: 'false' }, { mqEnabled: false }],
    [{ PROFILER_MICRO_SERVICE_MQ_GRAY_ENABLE: 'false', GRAY_MQ_ENABLED: 'true' }, {}],
    [{ GRAY_KEY: 'x_lane_canary' }, { key: 'x_lane_canary' }],
    [{ GRAY_KEY: `_${'a'.repeat(63)}` }, { key: `_${'a'.repeat(63)}` }],
    [{ GRAY_MQ_BASELINE: 'none' }, { mqBaseline: 'none' }],
    [{ GRAY_MQ_IGNORE_TAGS: 'a, b,a' }, { mqIgnoreTags: ['a', 'b'] }],
    [{ GRAY_MQ_RETENTION: '1d' }, { mqRetention: ['1d'] }],
    [{ GRAY_MQ_RETENTION: '3h30m, pr-*=30m' }, { mqRetention: ['3h30m', 'pr-*=30m'] }],
    [{ GRAY_MQ_STAND_INS: '1' }, { mqStandIns: 1 }],
    [{ GRAY_MQ_STAND_INS: '1000' }, { mqStandIns: 1_000 }],
    [{ GRAY_MQ_FILTER_SIDE: 'broker' }, { mqFilterSide: 'broker' }],
    [{ GRAY_MQ_FILTER_SIDE: 'client' }, { mqFilterSide: 'client' }],
    [
      { GRAY_MQ_ALSO: 'baseline', GRAY_TAG: 'gray' },
      { mqAlso: 'baseline', tag: 'gray' },
    ],
    [{ NAMESRV_ADDR: 'http://a:1;https://b:2' }, { mqNamesrv: 'a:1;b:2' }],
    [{ GRAY_MQ_NAMESRV: '127.0.0.1:9876' }, { mqNamesrv: '127.0.0.1:9876' }],
    [{ GRAY_MQ_NAMESRV: 'a:1; b.c-d:65535;' }, { mqNamesrv: 'a:1;b.c-d:65535' }],
    [{ GRAY_MQ_NAMESRV: 'a:1,b:2' }, { mqNamesrv: 'a:1;b:2' }],
    [{ GRAY_MQ_NAMESRV: '[::1]:9876' }, { mqNamesrv: '[::1]:9876' }],
    [{ NAMESRV_ADDR: 'a:1' }, { mqNamesrv: 'a:1' }],
    [{ NAMESRV_ADDR: 'a:1', GRAY_MQ_NAMESRV: 'b:2' }, { mqNamesrv: 'b:2' }],
    // As other software takes them.
    [{ NAMESRV_ADDR: 'a:9876;;b:9876' }, { mqNamesrv: 'a:9876;b:9876' }],
    [{ NAMESRV_ADDR: ' a:9876 ; b:9876/ ' }, { mqNamesrv: 'a:9876;b:9876' }],
    [{ NAMESRV_ADDR: 'a:9876 b:9876' }, { mqNamesrv: 'a:9876;b:9876' }],
    [{ NAMESRV_ADDR: '::1:9876' }, { mqNamesrv: '[::1]:9876' }],
    [{ NAMESRV_ADDR: 'http://10.0.0.1:8080/rocketmq/nsaddr' }, { mqNamesrv: 'http://10.0.0.1:8080/rocketmq/nsaddr' }],
    [{ GRAY_MQ_NAMESRV: 'http://mq:8080/rocketmq/nsaddr' }, { mqNamesrv: 'http://mq:8080/rocketmq/nsaddr' }],
    [{ GRAY_MQ_TLS: 'on' }, { mqTls: 'on' }],
    [{ GRAY_MQ_TLS: 'unverified' }, { mqTls: 'unverified' }],
    [{ GRAY_INBOUND: 'ignore' }, { inbound: 'ignore' }],
    [{ GRAY_INTEROP: 'mse' }, { interop: ['mse'] }],
    [{ GRAY_INTEROP: 'sermant, otel,dubbo,otel' }, { interop: ['sermant', 'otel', 'dubbo'] }],
    [{ GRAY_RULES: '[{ "tag": "base" }]' }, { rules: [{ tag: 'base' }] }],
    [{ GRAY_LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
  ])('%j', (environment, expected) => {
    expect(valuesIn(environment)).toEqual({ settings: { ...DEFAULTS, ...expected }, notices: [] });
  });

  it.each<[string, string, string]>([
    ['GRAY_TAG', 'a_b', 'a letter or digit, then up to 31 letters, digits or hyphens'],
    ['GRAY_TAG', '-a', 'letters, digits or hyphens'],
    ['GRAY_TAG', 'a'.repeat(33), 'letters, digits or hyphens'],
    ['GRAY_TAG', 'gräy', 'letters, digits or hyphens'],
    ['GRAY_TAG', "x' OR '1'='1", 'letters, digits or hyphens'],
    ['GRAY_TAG', 'base', 'base is reserved for the baseline'],
    ['ALICLOUD_SERVICE_TAG', 'a b', 'letters, digits or hyphens'],
    ['MSE_ALICLOUD_SERVICE_TAG', 'base', 'base is reserved'],
    ['GRAY_ENABLED', 'no', 'true or false'],
    ['GRAY_MQ_ENABLED', 'off', 'true or false'],
    ['GRAY_KEY', 'gray-tag', 'SQL92 identifier'],
    ['GRAY_KEY', '1gray', 'SQL92 identifier'],
    ['GRAY_KEY', 'a'.repeat(65), 'SQL92 identifier'],
    ['GRAY_KEY', 'between', 'keyword'],
    ['GRAY_KEY', 'NULL', 'keyword'],
    ['GRAY_KEY', 'contains', 'keyword'],
    ['GRAY_KEY', 'TAGS', "RocketMQ's, Dubbo's and HTTP's own names"],
    ['GRAY_KEY', 'UNIQ_KEY', "RocketMQ's, Dubbo's and HTTP's own names"],
    ['GRAY_KEY', 'version', "RocketMQ's, Dubbo's and HTTP's own names"],
    ['GRAY_KEY', '__SHARDINGKEY', "RocketMQ's, Dubbo's and HTTP's own names"],
    ['GRAY_KEY', 'baggage', 'such as baggage'],
    ['GRAY_KEY', 'Authorization', "HTTP's own names"],
    ['GRAY_INTEROP', 'mse,skywalking', 'a comma list of mse, dubbo, otel, sermant'],
    ['GRAY_MQ_BASELINE', 'ALL', 'auto or all or none'],
    ['GRAY_MQ_TAGS', 'a,,b', 'a comma list of tags'],
    ['GRAY_MQ_TAGS', 'a,base', 'not base'],
    ['GRAY_MQ_IGNORE_TAGS', 'a b', 'a comma list of tags'],
    ['GRAY_MQ_RETENTION', '4m', 'times from 5m to 30d'],
    ['GRAY_MQ_RETENTION', '1h,2h', 'a comma list of times'],
    ['GRAY_MQ_RETENTION', 'pr-*', 'such as pr-*=30m'],
    ['GRAY_MQ_RETENTION', 'a_*=30m', 'such as pr-*=30m'],
    ['GRAY_MQ_FILTER_SIDE', 'server', 'auto or broker or client'],
    ['GRAY_KEY', '__microservice_tag__', 'an SQL92 identifier'],
    ['GRAY_ENABLED', 'constructor', 'true or false'],
    ['GRAY_MQ_NAMESRV', 'localhost', 'host:port'],
    ['GRAY_MQ_NAMESRV', 'a:0', 'host:port'],
    ['GRAY_MQ_NAMESRV', 'a:65536', 'host:port'],
    ['GRAY_MQ_NAMESRV', 'a:1;;b:2', 'host:port'],
    ['GRAY_MQ_PROXY_REMOTING', 'a:1;b', 'host:port'],
    ['GRAY_RULES', '{', 'a list of rules'],
    ['GRAY_MQ_TLS', 'true', 'off or on or unverified'],
    ['GRAY_INBOUND', 'reject', 'accept or ignore'],
    ['GRAY_INTEROP', 'MSE', 'a comma list of mse, dubbo, otel, sermant'],
    ['GRAY_INTEROP', 'mse,', 'a comma list of mse'],
    ['GRAY_LOG_LEVEL', 'verbose', 'silent or error or warn or info or debug'],
  ])('%s=%s is refused', (variable, value, allowed) => {
    const message = errorOf({ [variable]: value });
    expect(message).toContain(`${variable}=${value}; allowed: `);
    expect(message.split('; allowed: ')[1]).toContain(allowed);
  });

  it.each([
    ['NAMESRV_ADDR', 'localhost'],
    ['NAMESRV_ADDR', ';'],
    ['NAMESRV_ADDR', 'a:1;b'],
    ['PROFILER_MICRO_SERVICE_MQ_GRAY_ENABLE', '2'],
  ])('%s=%s belongs to others: it is not used, and said', (variable, text) => {
    const { settings, notices } = loadSettings({ [variable]: text });
    expect(settings).toEqual(DEFAULTS);
    const problem = { where: variable, value: text, allowed: expect.any(String) };
    expect(notices).toEqual([{ type: 'alias not used', problem }]);
  });

  it('shows a wrong value without control characters, and not all of a long one', () => {
    expect(errorOf({ GRAY_TAG: 'a\r\n\u001b[31mb' })).toContain('GRAY_TAG=a???[31mb;');
    expect(errorOf({ GRAY_TAG: 'x'.repeat(10_000) }).length).toBeLessThan(400);
  });

  it.each(['GRAY_TAG', 'ALICLOUD_SERVICE_TAG', 'GRAY_MQ_TAGS'])('has no capitals in %s beside Sermant', variable => {
    expect(() => loadSettings({ [variable]: 'Gray', GRAY_INTEROP: 'otel,sermant' })).toThrow(
      `${variable}=Gray; allowed: small letters beside sermant`,
    );
    expect(() => loadSettings({ [variable]: 'Gray', GRAY_INTEROP: 'otel' })).not.toThrow();
    expect(() => loadSettings({ [variable]: 'gray', GRAY_INTEROP: 'sermant' })).not.toThrow();
  });

  it.each<[Record<string, string>, string]>([
    [{ GRAY_MQ_ALSO: 'gray', GRAY_TAG: 'gray' }, 'GRAY_MQ_ALSO=gray; allowed: baseline'],
    [{ GRAY_MQ_ALSO: 'baseline' }, 'GRAY_MQ_ALSO=baseline; allowed: baseline in a canary (GRAY_TAG)'],
    [{ GRAY_MQ_ALSO: 'baseline', GRAY_TAG: 'gray', GRAY_MQ_ENABLED: 'false' }, 'allowed: nothing with GRAY_MQ_ENABLED'],
    [{ GRAY_MQ_ALSO: 'baseline', GRAY_TAG: 'gray', GRAY_MQ_BASELINE: 'all' }, 'with GRAY_MQ_BASELINE=auto or none'],
  ])('has no copies where they cannot be: %j', (environment, message) => {
    expect(errorOf(environment)).toContain(message);
  });

  it('may ask for copies in what the command line reads: it is no member of the fleet', () => {
    const { settings } = loadSettings({ GRAY_MQ_ALSO: 'baseline' }, { isLookingOn: true });
    expect(settings.mqAlso).toBe('baseline');
    const path = configFile({ mqAlso: 'baseline' });
    expect(errorOf({ GRAY_CONFIG: path })).toContain(`mqAlso in ${path}=baseline; allowed: baseline in a canary`);
  });

  it('is not looked at any further with GRAY_ENABLED=false', () => {
    const environment = { GRAY_ENABLED: 'false', GRAY_TAG: 'a_b', GRAY_CONFIG: '/nowhere', GRAY_MQ_BASELINE: '?' };
    expect(valuesIn(environment)).toEqual({ settings: { ...DEFAULTS, enabled: false }, notices: [] });
  });

  it('with a variable that is no setting is worth a notice', () => {
    const { notices } = loadSettings({ GRAY_TAGS: 'x', GRAYSCALE: '1', GRAY_CONFIG: '', GRAY_TAG: 'gray' });
    expect(notices).toEqual([{ type: 'unknown variable', variable: 'GRAY_TAGS', similar: 'GRAY_TAG' }]);
  });

  it('with a setting that has no effect is worth a notice', () => {
    const { settings, notices } = loadSettings({ GRAY_MQ_TAGS: 'gray,blue', GRAY_MQ_BASELINE: 'none' });
    expect(settings).toMatchObject({ mqTags: ['gray', 'blue'], mqBaseline: 'none' });
    expect(notices).toEqual([{ type: 'tags without auto', mode: 'none' }]);
  });
});

it('a wrong entry of a document is named, in a variable as in a file', () => {
  const rules = [{ tag: 'a', percent: 5 }];
  const problem = 'wrong setting: rules[0].by in %=nothing; allowed: one of { "header": name }';
  expect(errorOf({ GRAY_RULES: JSON.stringify(rules) })).toContain(problem.replace('%', 'GRAY_RULES'));
  const path = configFile({ rules });
  expect(errorOf({ GRAY_CONFIG: path })).toContain(problem.replace('%', path));
});

describe('configuration file', () => {
  it('has a key for each setting', () => {
    const content = {
      tag: 'gray',
      enabled: true,
      mqEnabled: false,
      key: 'lane',
      mqBaseline: 'none',
      mqTags: [],
      mqIgnoreTags: ['a', 'b'],
      mqRetention: ['1d', 'pr-*=30m'],
      mqStandIns: 3,
      mqFilterSide: 'broker',
      mqAlso: null,
      mqNamesrv: 'a:1;b:2',
      mqProxyRemoting: null,
      mqTls: 'unverified',
      inbound: 'ignore',
      interop: ['mse', 'otel'],
      rules: [{ tag: 'gray', match: { path: { prefix: '/' } }, percent: 0.5, by: { query: 'u' } }],
      routes: { 'svc-b:8080': { gray: 'svc-b-gray:8080', host: 'target' } },
      logLevel: 'debug',
      logTo: '/var/log/gray.log',
      onFailure: 'continue',
      status: '/run/gray',
    };
    expect(Object.keys(content)).toEqual(SETTINGS.map(({ name }) => name));
    const { settings, notices } = loadSettings({ GRAY_CONFIG: configFile(content) });
    expect({ settings, notices }).toEqual({
      settings: { ...content, mqAlso: undefined, mqProxyRemoting: undefined },
      notices: [],
    });
  });

  it('takes a list as text too, and gives way to the environment', () => {
    const path = configFile({ mqIgnoreTags: 'a,b', tag: 'file', enabled: 'true' });
    expect(loadSettings({ GRAY_CONFIG: path, GRAY_TAG: 'environment' }).settings).toEqual({
      ...DEFAULTS,
      mqIgnoreTags: ['a', 'b'],
      tag: 'environment',
    });
  });

  it('and the environment are where settings say that they are from', () => {
    const path = configFile({ tag: 'file', logLevel: 'debug', mqTags: [], interop: null });
    expect(
      loadSettings({ GRAY_CONFIG: path, MSE_ALICLOUD_SERVICE_TAG: 'gray', GRAY_STATUS: '/run/gray' }).sources,
    ).toEqual({
      ...Object.fromEntries(SETTINGS.map(({ name }) => [name, { from: 'default' }])),
      tag: { from: 'environment', variable: 'MSE_ALICLOUD_SERVICE_TAG' },
      logLevel: { from: 'file', path },
      mqTags: { from: 'file', path },
      status: { from: 'environment', variable: 'GRAY_STATUS' },
    });
    expect(loadSettings({ GRAY_ENABLED: '0' }).sources.enabled).toEqual({
      from: 'environment',
      variable: 'GRAY_ENABLED',
    });
  });

  it('can switch the agent off', () => {
    expect(loadSettings({ GRAY_CONFIG: configFile({ enabled: false }) }).settings.enabled).toBe(false);
  });

  it.each<[string, unknown, string]>([
    ['text that is no JSON', '{', 'a readable JSON file'],
    ['an array', '[]', 'it holds no object'],
    ['null', 'null', 'it holds no object'],
    ['a misspelled key', { tagg: 'gray' }, '=tagg; allowed: the keys tag, enabled'],
    ['the name of a variable as key', { GRAY_TAG: 'gray' }, '=GRAY_TAG; allowed: the keys tag'],
    ['__proto__', '{"__proto__": {}}', '=__proto__; allowed: the keys'],
    ['a number as tag', { tag: 1 }, '=1; allowed: a letter or digit'],
    ['a boolean as tag', { tag: true }, '=true; allowed: a letter or digit'],
    ['an array as tag', { tag: ['gray'] }, '=["gray"]; allowed: a letter or digit'],
    ['an object as key', { key: {} }, '={}; allowed: an SQL92 identifier'],
    ['a number as boolean', { enabled: 0 }, '=0; allowed: true or false'],
    ['base as tag', { tag: 'base' }, '="base"; allowed: '],
    ['an unknown mode', { mqBaseline: 'some' }, '="some"; allowed: auto or all or none'],
    ['a list with a number', { mqTags: ['a', 1] }, '=["a",1]; allowed: a comma list'],
    ['a list with a bad tag', { mqIgnoreTags: ['a_b'] }, '=["a_b"]; allowed: a comma list'],
  ])('%s is refused', (_name, content, expected) => {
    const path = configFile(content);
    const message = errorOf({ GRAY_CONFIG: path });
    expect(message).toContain(path);
    expect(message).toContain(expected);
  });

  it('that cannot be read is refused', () => {
    expect(errorOf({ GRAY_CONFIG: '/nowhere/gray.json' })).toMatch(
      /GRAY_CONFIG=\/nowhere\/gray\.json; allowed: the path of a readable JSON file.*ENOENT/,
    );
    expect(errorOf({ GRAY_CONFIG: directory })).toContain('EISDIR');
  });
});

it('every setting says what it means, what is allowed and what it is by default', () => {
  for (const { name, variables, defaultText, allowed, meaning } of SETTINGS) {
    expect({ name, texts: [defaultText, allowed, meaning].every(text => text.length > 0) }).toEqual({
      name,
      texts: true,
    });
    expect(variables[0]).toMatch(/^GRAY_/);
  }
});
