/** What is measured against what: the same application, started in different ways. */
export interface Contender {
  readonly name: string;
  /** For tables: what it is. */
  readonly title: string;
  /** Arguments to node before the application's file. */
  readonly preload: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Its traffic is gray; else it has no tag. */
  readonly isTagged: boolean;
  /** The contender that its figures are ratios to; undefined: it is what others are compared with. */
  readonly base: 'bare' | 'bare-tagged' | undefined;
  readonly isOurs: boolean;
  /** It is neither bare, nor ours, nor what nobody can do without. */
  readonly isOther?: true;
}

/** So many tags, as GRAY_MQ_TAGS takes them. */
export const tagsOf = (count: number) => Array.from({ length: count }, (_, index) => `t${index + 1}`).join();

const AGENT = ['--require', 'rocketmq-gray/register'];
const bare = { preload: [], environment: {}, base: undefined, isOurs: false };

/** dd-trace 5 with baggage as the only thing that it carries, and without what talks to somebody. */
const DATADOG = {
  DD_TRACE_PROPAGATION_STYLE: 'baggage',
  DD_TRACE_SAMPLE_RATE: '0',
  DD_TRACE_STARTUP_LOGS: 'false',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  DD_RUNTIME_METRICS_ENABLED: 'false',
  DD_APPSEC_ENABLED: 'false',
  DD_IAST_ENABLED: 'false',
  DD_TRACE_LOG_LEVEL: 'error',
};

/** A baseline with the agent. */
export const UNTAGGED: Contender = {
  name: 'gray-untagged',
  title: 'rocketmq-gray, untagged baseline',
  preload: AGENT,
  environment: {},
  isTagged: false,
  base: 'bare',
  isOurs: true,
};

/** Bare twice: tagged requests have a header more, which Node.js itself has to read. */
export const CONTENDERS: readonly Contender[] = [
  { ...bare, name: 'bare', title: 'bare Node.js', isTagged: false },
  { ...bare, name: 'bare-tagged', title: 'bare Node.js, tagged traffic', isTagged: true },
  UNTAGGED,
  {
    name: 'gray-tagged',
    title: 'rocketmq-gray, tagged traffic',
    preload: AGENT,
    environment: { GRAY_TAG: 'gray' },
    isTagged: true,
    base: 'bare-tagged',
    isOurs: true,
  },
  {
    name: 'opentelemetry',
    title: 'OpenTelemetry JS, baggage only',
    preload: ['--require', './apps/opentelemetry.js'],
    environment: {},
    isTagged: true,
    base: 'bare-tagged',
    isOurs: false,
    isOther: true,
  },
  {
    name: 'dd-trace',
    title: 'dd-trace 5, baggage only',
    preload: ['--require', 'dd-trace/init'],
    environment: DATADOG,
    isTagged: true,
    base: 'bare-tagged',
    isOurs: false,
    isOther: true,
  },
];

/** What nobody who follows requests and messages can do without: where there are some, it is measured beside the others. */
const ASYNC_LOCAL_STORAGE: Contender = {
  ...bare,
  name: 'async-local-storage',
  title: 'AsyncLocalStorage alone, tagged traffic',
  preload: ['--require', './apps/async-local-storage.js'],
  isTagged: true,
  base: 'bare-tagged',
};
export const FOLLOWING: readonly Contender[] = [...CONTENDERS, ASYNC_LOCAL_STORAGE];

/** How Node.js 24 and later follow requests, and 22 on request. */
const ASYNC_CONTEXT_FRAME = '--experimental-async-context-frame';

/** The same where requests are followed, on a version of Node.js: on 22 also with what it has to be asked for. */
export function followingOn({ name }: { readonly name: string }): readonly Contender[] {
  if (name !== '22') return FOLLOWING;
  const withFrame = (contender: Contender): Contender => ({
    ...contender,
    name: `${contender.name}-frame`,
    title: `${contender.title}, \`${ASYNC_CONTEXT_FRAME}\``,
    preload: [ASYNC_CONTEXT_FRAME, ...contender.preload],
  });
  const framed = ['gray-tagged', ASYNC_LOCAL_STORAGE.name];
  return [...FOLLOWING, ...FOLLOWING.filter(contender => framed.includes(contender.name)).map(withFrame)];
}

/** What nobody who patches libraries as they are loaded can do without. */
const REQUIRE_HOOK: Contender = {
  ...bare,
  name: 'require-hook',
  title: 'require-in-the-middle alone',
  preload: ['--require', './apps/require-hook.js'],
  isTagged: false,
  base: 'bare',
};

/** Where traffic plays no part: one of the two bare ones is enough. */
export const STARTED: readonly Contender[] = [
  ...CONTENDERS.filter(({ name }) => name !== 'bare-tagged').map(toBare),
  REQUIRE_HOOK,
];

/** The same, compared with untagged traffic. */
export function toBare(contender: Contender): Contender {
  return { ...contender, base: contender.base && 'bare' };
}
