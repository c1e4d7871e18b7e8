/**
 * The metrics, the one source of their names: what is published, the table in `docs/metrics.md` (`npm run docs:tables`), and
 * what the dashboard may ask for.
 *
 * Names and attributes of OpenTelemetry's semantic conventions for messaging where they have one (`messaging.…`), else ours.
 */

import type { Totals } from '../counting/counts';
import { BASE } from '../names/tag';
import { VERSION } from '../names/version';
import type { ConsumerReport } from '../rocketmq/consumer/consumer-report';
import type { TagReport } from '../rocketmq/hand-over/hand-over';
import type { MeterProvider } from './meter-provider';

/** What there is to tell. */
export interface MetricSource {
  /** This process's environment. */
  readonly tag: string | undefined;
  totals(): Totals;
  consumers(): readonly ConsumerReport[];
}

type Attributes = Readonly<Record<string, string | boolean>>;

export interface Metric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly unit: string;
  readonly description: string;
  /** The names of the attributes that each value has. */
  readonly attributes: readonly string[];
  /** The values and their attributes, each combination once. */
  read(source: MetricSource): Iterable<readonly [value: number, attributes: Attributes]>;
}

const SYSTEM = 'messaging.system';
const OPERATION = 'messaging.operation.name';
const TOPIC = 'messaging.destination.name';
const GROUP = 'messaging.consumer.group.name';
const ENVIRONMENT = 'rocketmq_gray.environment';
const STAND_IN = 'rocketmq_gray.stand_in';
const OUTCOME = 'rocketmq_gray.outcome';
const RULE = 'rocketmq_gray.rule';
const RESULT = 'rocketmq_gray.result';
const CARRIER = 'rocketmq_gray.carrier';
const HOOK = 'rocketmq_gray.hook';
const AGENT_VERSION = 'rocketmq_gray.version';

/** What the attributes mean, for the table. */
export const ATTRIBUTES: Readonly<Record<string, string>> = {
  [SYSTEM]: '`rocketmq`',
  [OPERATION]: '`send`; `receive` (the application asked for the message) or `process` (its handler was called)',
  [TOPIC]: 'topic',
  [GROUP]: 'consumer group, as the broker knows it (`group1_gray`)',
  [ENVIRONMENT]:
    'tag of the message or call, `base` for the baseline. Tags that come from outside, beyond the first 20 and those that the process knows (its own, declared, managed), are `_other`, and so are topics and groups beyond 200',
  [STAND_IN]: '`true` where a baseline process handled it as a stand-in',
  [OUTCOME]:
    '`own`: to its environment; `baseline`: for want of an instance of its own (a fallback); `nobody`: it failed, there are canaries of others only; `as sent`: the address does not say which service was meant, so the call stayed where the application sent it',
  [RULE]: 'the number of the rule that matched, from 1 on; `none`: none did',
  [RESULT]: '`taken`; `refused`: something in it is not allowed; `missing`: it was deleted or emptied',
  [CARRIER]: 'header or attachment',
  [HOOK]: 'what failed, in words',
  [AGENT_VERSION]: 'version of the agent',
};

const rocketmq = { [SYSTEM]: 'rocketmq' };

/** A value for each canary's group that a consumer of the baseline knows of; the largest where several do. */
function ofTags(
  source: MetricSource,
  read: (tag: TagReport) => number | undefined,
): Iterable<readonly [number, Attributes]> {
  const values = new Map<string, readonly [number, Attributes]>();
  for (const report of source.consumers().flatMap(({ tags }) => tags)) {
    const value = read(report);
    const before = values.get(report.group);
    if (value === undefined || (before !== undefined && before[0] >= value)) continue;
    values.set(report.group, [value, { ...rocketmq, [GROUP]: report.group, [ENVIRONMENT]: report.tag }]);
  }
  return values.values();
}

export const METRICS: readonly Metric[] = [
  {
    name: 'messaging.client.sent.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Attempts to send a message.',
    attributes: [SYSTEM, OPERATION, TOPIC, ENVIRONMENT],
    read: ({ totals }) =>
      totals().sent.map(({ topic, environment, count }) => [
        count,
        { ...rocketmq, [OPERATION]: 'send', [TOPIC]: topic, [ENVIRONMENT]: environment },
      ]),
  },
  {
    name: 'messaging.client.consumed.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages delivered to the application.',
    attributes: [SYSTEM, OPERATION, TOPIC, GROUP, ENVIRONMENT, STAND_IN],
    read: ({ totals }) =>
      totals().consumed.map(({ group, topic, environment, operation, standIn, count }) => [
        count,
        {
          ...rocketmq,
          [OPERATION]: operation,
          [TOPIC]: topic,
          [GROUP]: group,
          [ENVIRONMENT]: environment,
          [STAND_IN]: standIn === 'true',
        },
      ]),
  },
  {
    name: 'rocketmq_gray.skipped.messages',
    kind: 'counter',
    unit: '{message}',
    description:
      'Messages of other environments that were skipped in the client, since the broker did not filter them.',
    attributes: [SYSTEM, TOPIC, GROUP, ENVIRONMENT],
    read: ({ totals }) =>
      totals().skipped.map(({ group, topic, environment, count }) => [
        count,
        { ...rocketmq, [TOPIC]: topic, [GROUP]: group, [ENVIRONMENT]: environment },
      ]),
  },
  {
    name: 'rocketmq_gray.given_back.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Messages that were received and left to other members of the group without being handled.',
    attributes: [SYSTEM, GROUP, ENVIRONMENT],
    read: ({ totals }) =>
      totals().givenBack.map(({ group, environment, count }) => [
        count,
        { ...rocketmq, [GROUP]: group, [ENVIRONMENT]: environment },
      ]),
  },
  {
    name: 'rocketmq_gray.stand_in.running',
    kind: 'gauge',
    unit: '{consumer}',
    description: 'Whether this process stands in for a canary: 1 or 0.',
    attributes: [SYSTEM, GROUP, ENVIRONMENT],
    read: source => ofTags(source, ({ standIn }) => (standIn === 'running' ? 1 : 0)),
  },
  {
    name: 'rocketmq_gray.canary.present',
    kind: 'gauge',
    unit: '{canary}',
    description: 'Whether a canary is there, as a baseline process sees it: 1 or 0; no value while that is not known.',
    attributes: [SYSTEM, GROUP, ENVIRONMENT],
    read: source => ofTags(source, ({ canary }) => (canary === 'unknown' ? undefined : canary === 'present' ? 1 : 0)),
  },
  {
    name: 'rocketmq_gray.tag.managed',
    kind: 'gauge',
    unit: '{tag}',
    description:
      'Whether a baseline process leaves the messages of a tag to its group: 1; 0 while it takes them itself (not ready yet, no stand-in could be started, given up).',
    attributes: [SYSTEM, GROUP, ENVIRONMENT],
    read: source => ofTags(source, ({ leftOut }) => (leftOut.length > 0 ? 1 : 0)),
  },
  {
    name: 'rocketmq_gray.routing.decisions',
    kind: 'counter',
    unit: '{call}',
    description:
      'Calls to known services and queries of a registry, by where they were sent; calls over HTTP only while a canary is known.',
    attributes: [ENVIRONMENT, OUTCOME],
    read: ({ totals }) =>
      totals().routed.map(({ environment, outcome, count }) => [
        count,
        { [ENVIRONMENT]: environment, [OUTCOME]: outcome },
      ]),
  },
  {
    name: 'rocketmq_gray.rules.decisions',
    kind: 'counter',
    unit: '{request}',
    description: 'Requests that came in without a tag, by the rule that gave them one.',
    attributes: [ENVIRONMENT, RULE],
    read: ({ totals }) =>
      totals().ruled.map(({ environment, rule, count }) => [count, { [ENVIRONMENT]: environment, [RULE]: rule }]),
  },
  {
    name: 'rocketmq_gray.settings.changes',
    kind: 'counter',
    unit: '{change}',
    description: 'Changes of the document with settings, by what became of them.',
    attributes: [RESULT],
    read: ({ totals }) => totals().settingsChanges.map(({ result, count }) => [count, { [RESULT]: result }]),
  },
  {
    name: 'rocketmq_gray.dropped.tags',
    kind: 'counter',
    unit: '{tag}',
    description: 'Malformed tags of inbound calls that were dropped.',
    attributes: [CARRIER],
    read: ({ totals }) => totals().malformedTags.map(({ carrier, count }) => [count, { [CARRIER]: carrier }]),
  },
  {
    name: 'rocketmq_gray.hook.errors',
    kind: 'counter',
    unit: '{error}',
    description: 'Errors of the agent, which the application went on without.',
    attributes: [HOOK],
    read: ({ totals }) => totals().hookErrors.map(({ hook, count }) => [count, { [HOOK]: hook }]),
  },
  {
    name: 'rocketmq_gray.agent.info',
    kind: 'gauge',
    unit: '{agent}',
    description: 'Always 1: the agent is on in this process, which belongs to this environment.',
    attributes: [ENVIRONMENT, AGENT_VERSION],
    read: ({ tag }) => [[1, { [ENVIRONMENT]: tag ?? BASE, [AGENT_VERSION]: VERSION }]],
  },
];

/** `ValueType.INT` of the API. */
const INT = 0;

/** Publishes all metrics by a meter of `provider`. @param guarded runs what must not throw into the application's reader */
export function publishMetrics(
  provider: MeterProvider,
  source: MetricSource,
  guarded: (observe: () => void) => void,
): void {
  const meter = provider.getMeter('rocketmq-gray', VERSION);
  for (const { name, kind, unit, description, read } of METRICS) {
    const options = { unit, description, valueType: INT };
    const instrument =
      kind === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options);
    instrument.addCallback(result =>
      guarded(() => {
        for (const [value, attributes] of read(source)) result.observe(value, attributes);
      }),
    );
  }
}
