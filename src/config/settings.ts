/** The table of settings: the single source for parsing, for the configuration file and for docs/settings.md. */
import { LOG_LEVELS, type LogLevel } from '../log';
import { durationText } from '../names/duration';
import type { Interop } from '../names/interop';
import { isMessageKey, MESSAGE_KEY_GRAMMAR } from '../names/message-key';
import { DEFAULT_RETENTION_MS } from '../names/retention';
import {
  addresses,
  boolean,
  countFrom1,
  eachAddress,
  instanceTag,
  json,
  oneOf,
  presets,
  retention,
  tagList,
  value,
} from './parsers';
import { ROUTES_GRAMMAR, type Routes, readRoutes } from './routes';
import { RULES_GRAMMAR, type Rule, readRules } from './rules';

export type BaselineMode = 'auto' | 'all' | 'none';
export type OnFailure = 'exit' | 'continue';
export type TlsMode = 'off' | 'on' | 'unverified';
export type FilterSide = 'auto' | 'broker' | 'client';

export interface Settings {
  /** This process's environment; undefined in the baseline. */
  readonly tag: string | undefined;
  readonly enabled: boolean;
  readonly mqEnabled: boolean;
  /** Name of the baggage entry, the message property and the RPC attachment. */
  readonly key: string;
  readonly mqBaseline: BaselineMode;
  readonly mqTags: readonly string[];
  readonly mqIgnoreTags: readonly string[];
  /** See names/retention.ts. */
  readonly mqRetention: readonly string[];
  /** How many processes of the baseline stand in for one absent canary in one group. */
  readonly mqStandIns: number;
  readonly mqFilterSide: FilterSide;
  /** What consumers of a canary get besides its own messages: a copy of each that is the baseline's. */
  readonly mqAlso: 'baseline' | undefined;
  /** `host:port;host:port`, or the URL of an address server; undefined where nothing was said. */
  readonly mqNamesrv: string | undefined;
  readonly mqProxyRemoting: string | undefined;
  /** Of the agent's own connections to name servers, brokers and proxies. */
  readonly mqTls: TlsMode;
  readonly inbound: 'accept' | 'ignore';
  /** The agents and frameworks that it works together with. */
  readonly interop: Interop;
  /** Which tag a request gets that comes in without one. */
  readonly rules: readonly Rule[];
  /** Where the instances of environments are, by the names that services call. */
  readonly routes: Routes;
  readonly logLevel: LogLevel;
  /** `stderr`, `stdout`, or the path of a file. */
  readonly logTo: string;
  /** What becomes of a process that the agent cannot keep apart; undefined: a canary ends, the baseline goes on. */
  readonly onFailure: OnFailure | undefined;
  /** Path of the local socket that shows this process, or of a directory for it; undefined: there is none. */
  readonly status: string | undefined;
}

export interface Setting<Name extends keyof Settings = keyof Settings> {
  /** The key in the configuration file. */
  readonly name: Name;
  /** The environment variable, then its aliases: the first that is set wins. */
  readonly variables: readonly [string, ...string[]];
  readonly default: Settings[Name];
  /** The default as people read it. */
  readonly defaultText: string;
  /** What a value may be, for the error line. */
  readonly allowed: string;
  readonly meaning: string;
  /** True: a change of the document takes effect while the process runs. */
  readonly isLive?: true;
  /** True for a value that is the path of a file or directory. */
  readonly isPath?: (value: unknown) => boolean;
  /** Turns a text from the environment into the value; undefined when it is not allowed. */
  readonly parse: (text: string) => { readonly value: Settings[Name] } | undefined;
  /**
   * For a value that is written as JSON: the value of an entry of a file, or of the variable's text.
   * @throws {WrongEntry} which names the entry
   */
  readonly read?: (entry: unknown) => Settings[Name];
  /** The same for an alias, which is written for other software; default: `parse`. */
  readonly parseAlias?: (text: string) => { readonly value: Settings[Name] } | undefined;
}

const define = <Name extends keyof Settings>(setting: Setting<Name>): Setting => setting as unknown as Setting;

export const SETTINGS: readonly Setting[] = [
  define({
    name: 'tag',
    variables: ['GRAY_TAG', 'ALICLOUD_SERVICE_TAG', 'MSE_ALICLOUD_SERVICE_TAG'],
    default: undefined,
    defaultText: 'none: baseline',
    meaning: 'instance tag: the environment this process belongs to',
    ...instanceTag,
  }),
  define({
    name: 'enabled',
    variables: ['GRAY_ENABLED'],
    default: true,
    defaultText: 'true',
    meaning: '`false`: the preload does nothing at all',
    ...boolean,
  }),
  define({
    name: 'mqEnabled',
    variables: ['GRAY_MQ_ENABLED', 'PROFILER_MICRO_SERVICE_MQ_GRAY_ENABLE'],
    default: true,
    defaultText: 'true',
    meaning: '`false`: messages are left alone, HTTP and RPC go on',
    ...boolean,
  }),
  define({
    name: 'key',
    variables: ['GRAY_KEY'],
    default: 'gray_tag',
    defaultText: 'gray_tag',
    meaning:
      'the one name used for the baggage entry, the message property, the RPC attachment and the registration metadata',
    allowed: MESSAGE_KEY_GRAMMAR,
    parse: text => (isMessageKey(text) ? value(text) : undefined),
  }),
  define({
    name: 'mqBaseline',
    variables: ['GRAY_MQ_BASELINE'],
    default: 'auto',
    defaultText: 'auto',
    meaning:
      'what baseline consumers take of tagged messages: `auto` (those of a canary only while it is not there), `all`, or `none`. Where neither name servers nor a proxy can be asked who is there, `auto` behaves like `all`',
    ...oneOf('auto', 'all', 'none'),
  }),
  define({
    name: 'mqTags',
    variables: ['GRAY_MQ_TAGS'],
    isLive: true,
    default: [],
    defaultText: 'empty',
    meaning:
      'comma list of canary tags known beforehand: with `auto` the baseline leaves their messages to them from its first poll on, and never has to discover them',
    ...tagList,
  }),
  define({
    name: 'mqIgnoreTags',
    variables: ['GRAY_MQ_IGNORE_TAGS'],
    isLive: true,
    default: [],
    defaultText: 'empty',
    meaning: 'comma list: tags whose messages the baseline never takes, in any mode',
    ...tagList,
  }),
  define({
    name: 'mqRetention',
    variables: ['GRAY_MQ_RETENTION'],
    default: [durationText(DEFAULT_RETENTION_MS)],
    defaultText: durationText(DEFAULT_RETENTION_MS),
    meaning:
      'how long after its last sign (a canary, or a message) the baseline gives a tag up; with times for tags, of which the first that fits counts: `3h30m,pr-*=30m`. Below two hours, retries that have not come due by then are dropped',
    ...retention,
  }),
  define({
    name: 'mqStandIns',
    variables: ['GRAY_MQ_STAND_INS'],
    default: 2,
    defaultText: '2',
    meaning:
      'how many processes of the baseline stand in for one absent canary in one group. More do where these do not keep up, and where nobody may say who the processes are, all do',
    ...countFrom1,
  }),
  define({
    name: 'mqFilterSide',
    variables: ['GRAY_MQ_FILTER_SIDE'],
    default: 'auto',
    defaultText: 'auto',
    meaning:
      'where messages are told apart: `broker` (SQL92), `client` (every environment receives all and skips those of others), `auto` (broker, else client with one warning)',
    ...oneOf('auto', 'broker', 'client'),
  }),
  define({
    name: 'mqAlso',
    variables: ['GRAY_MQ_ALSO'],
    default: undefined,
    defaultText: 'none',
    meaning:
      '`baseline`, in a canary only: its consumers also get a [copy](docs/messages.md#copies-of-untagged-messages) of each untagged message, which the baseline handles as ever',
    ...oneOf('baseline'),
  }),
  define({
    name: 'mqNamesrv',
    variables: ['GRAY_MQ_NAMESRV', 'NAMESRV_ADDR'],
    default: undefined,
    defaultText: 'from the client',
    meaning:
      "name servers `host:port;host:port`, or the URL of an address server (`http://host:port/path`), for looking at and creating consumer groups; 4.x clients' own option is used where the variable is absent",
    ...addresses,
  }),
  define({
    name: 'mqProxyRemoting',
    variables: ['GRAY_MQ_PROXY_REMOTING'],
    default: undefined,
    defaultText: 'host of the gRPC endpoint, port 8080',
    meaning:
      'remoting endpoints of proxies, `host:port;host:port`: with `auto` they are asked who is connected, where no name server is known, and where brokers may not be asked or cannot know',
    ...eachAddress,
  }),
  define({
    name: 'mqTls',
    variables: ['GRAY_MQ_TLS'],
    default: 'off',
    defaultText: 'off',
    meaning:
      "the agent's own connections to name servers, brokers and proxies: `off` (plain), `on` (TLS; certificates are verified, `NODE_EXTRA_CA_CERTS` names further authorities) or `unverified` (TLS with any certificate)",
    ...oneOf('off', 'on', 'unverified'),
  }),
  define({
    name: 'inbound',
    variables: ['GRAY_INBOUND'],
    isLive: true,
    default: 'accept',
    defaultText: 'accept',
    meaning: '`accept` tags on inbound calls, or `ignore` them (an edge service that must not trust callers)',
    ...oneOf('accept', 'ignore'),
  }),
  define({
    name: 'interop',
    variables: ['GRAY_INTEROP'],
    default: [],
    defaultText: 'none',
    meaning:
      'comma list of what runs [beside it in Java](docs/java.md), whose names for the tag are then written and read too: `mse` (the agent of MSE and SAE), `dubbo` (its tag routing), `otel` (the OpenTelemetry agent), `sermant`',
    ...presets,
  }),
  define({
    name: 'rules',
    variables: ['GRAY_RULES'],
    isLive: true,
    default: [],
    defaultText: 'none',
    meaning:
      'which tag a request gets that comes in without one: JSON, for the service where requests enter ([rules](docs/rules.md))',
    ...json(RULES_GRAMMAR, value => readRules(value)),
  }),
  define({
    name: 'routes',
    variables: ['GRAY_ROUTES'],
    isLive: true,
    default: {},
    defaultText: 'none',
    meaning:
      'where the instances of canaries are, by the names that services call: JSON, for fleets without a registry ([routes](docs/routes.md))',
    ...json(ROUTES_GRAMMAR, value => readRoutes(value)),
  }),
  define({
    name: 'logLevel',
    variables: ['GRAY_LOG_LEVEL'],
    isLive: true,
    default: 'info',
    defaultText: 'info',
    meaning: '`silent`, `error`, `warn`, `info` or `debug`',
    ...oneOf(...LOG_LEVELS),
  }),
  define({
    name: 'logTo',
    variables: ['GRAY_LOG_TO'],
    default: 'stderr',
    defaultText: 'stderr; stdout under egg-scripts',
    meaning:
      'where lines go: `stderr`, `stdout`, or the path of a file that they are appended to. Each begins with `[rocketmq-gray]`, the time (UTC), the process id and a [code](docs/operations.md#what-it-says)',
    allowed: 'stderr, stdout, or the path of a file',
    parse: text => (text.includes('\0') || text.endsWith('/') ? undefined : value(text)),
    isPath: logTo => logTo !== 'stderr' && logTo !== 'stdout',
  }),
  define({
    name: 'onFailure',
    variables: ['GRAY_ON_FAILURE'],
    default: undefined,
    defaultText: 'exit in a canary, continue in the baseline',
    meaning:
      'what becomes of a process that the agent cannot keep apart (hooks that cannot be installed, a RocketMQ consumer that is not hooked): `exit` ends it with one line and exit code 1, `continue` says an error and goes on',
    ...oneOf('exit', 'continue'),
  }),
  define({
    name: 'status',
    variables: ['GRAY_STATUS'],
    default: undefined,
    defaultText: 'none',
    meaning:
      'path of a local socket (Unix domain), or of a directory for one socket a process, by which `rocketmq-gray status PID` looks into this process',
    allowed: 'a path',
    parse: text => (text.includes('\0') ? undefined : value(text)),
    isPath: () => true,
  }),
];
