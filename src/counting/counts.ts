/**
 * The one place that counts what the agent does. Who reads it: the metrics (`metrics.ts`) and the status of the process
 * (`process-report.ts`).
 *
 * Messages are counted only once somebody wants to know: until then each costs one look. What is rare (errors, malformed
 * tags) and what is a matter of a few integers (routing) is counted always.
 */
import { BASE } from '../names/tag';
import { boundedNames } from './bounded-names';
import { type Counted, type Counter, counter } from './counter';

/** A consumer, as far as it is counted. */
export interface CountedConsumer {
  /** The group that it is in. */
  readonly group: string;
  /** The environment whose messages alone it takes. */
  readonly tag: string | undefined;
}

/** How a message came to the application: `receive`, it asked for it; `process`, its handler was called. */
export type Operation = 'receive' | 'process';

/**
 * Where a call was sent: `own`, to an instance of its environment; `baseline`, to one of the baseline, for want of those
 * (a fallback); `nobody`, nowhere; `as sent`, where the application sent it, as the address does not say which service was
 * meant.
 */
export type RoutingOutcome = 'own' | 'baseline' | 'nobody' | 'as sent';
export const ROUTING_OUTCOMES: readonly RoutingOutcome[] = ['own', 'baseline', 'nobody', 'as sent'];

export interface Counts {
  /** False: nobody wants to know of messages. */
  countsMessages(): boolean;
  /** A message goes to a broker: each attempt to send it counts, as in OpenTelemetry's conventions. */
  sent(topic: string, tag: string | undefined): void;
  /** A message comes to the application. */
  consumed(consumer: CountedConsumer, topic: string, tag: string | undefined, operation: Operation): void;
  /** A message is left out by the client. */
  skipped(consumer: CountedConsumer, topic: string, tag: string | undefined): void;
  /** Messages that were received and not handled are left to other members of the consumer's group. */
  givenBack(consumer: CountedConsumer, count: number): void;
  /** A call with the outgoing tag `tag` was sent somewhere. */
  routed(tag: string | undefined, outcome: RoutingOutcome): void;
  /** Rules were asked about a request. @param rule the number of the one that matched; undefined: none did */
  ruled(tag: string | undefined, rule: number | undefined): void;
  /** The document with settings was changed. @param result what became of it */
  settingsChanged(result: string): void;
  /** A malformed tag was dropped. @param carrier the header, attachment or property */
  malformedTag(carrier: string): void;
  /** A hook of the agent failed. @param hook its name */
  hookError(hook: string): void;
  /** From now on `tag` is never one of the others: it is one that this process itself knows of. */
  knowTag(tag: string): void;
  read(): Totals;
}

export interface Totals {
  /** When messages began to be counted, ms since 1970; undefined: they are not. */
  readonly messagesSince: number | undefined;
  readonly sent: readonly Counted<'topic' | 'environment'>[];
  readonly consumed: readonly Counted<'group' | 'topic' | 'environment' | 'operation' | 'standIn'>[];
  readonly skipped: readonly Counted<'group' | 'topic' | 'environment'>[];
  /** The environment is that of the group. */
  readonly givenBack: readonly Counted<'group' | 'environment'>[];
  readonly routed: readonly Counted<'environment' | 'outcome'>[];
  readonly ruled: readonly Counted<'environment' | 'rule'>[];
  readonly settingsChanges: readonly Counted<'result'>[];
  readonly malformedTags: readonly Counted<'carrier'>[];
  readonly hookErrors: readonly Counted<'hook'>[];
}

/** How many tags that come with calls and messages are told apart, and topics, groups, and hooks that failed. */
const TAGS = 20;
const TOPICS = 200;
const GROUPS = 200;
const HOOKS = 100;

export interface CountsOptions {
  /** This process's environment. */
  readonly instanceTag: string | undefined;
  /** Tags that are known beforehand. */
  readonly knownTags: readonly string[];
  /** Whether somebody wants to know of messages; asked at once, then with each message, until it is true. */
  readonly isWanted: () => boolean;
}

export function createCounts({ instanceTag, knownTags, isWanted }: CountsOptions): Counts {
  let messagesSince: number | undefined;
  const tags = boundedNames(TAGS);
  const topics = boundedNames(TOPICS);
  const groups = boundedNames(GROUPS);
  const hooks = boundedNames(HOOKS);
  tags.admit(BASE);
  for (const tag of [...knownTags, ...(instanceTag === undefined ? [] : [instanceTag])]) tags.admit(tag);
  const environmentOf = (tag: string | undefined) => (tag === undefined ? BASE : tags.of(tag));

  const sent = counter('topic', 'environment');
  const consumed = counter('group', 'topic', 'environment', 'operation', 'standIn');
  const skipped = counter('group', 'topic', 'environment');
  const givenBack = counter('group', 'environment');
  const ruled = counter('environment', 'rule');
  const settingsChanges = counter('result');
  const malformedTags = counter('carrier');
  const hookErrors = counter('hook');
  /** By environment. Calls are often: nothing is made for one. */
  const routed = new Map<string, Record<RoutingOutcome, number>>();

  const countsMessages = () => {
    if (messagesSince !== undefined) return true;
    if (!isWanted()) return false;
    messagesSince = Date.now();
    return true;
  };
  countsMessages();
  const count = <Label extends string>(what: Counter<Label>, ...values: string[]) => what.add(1, ...values);

  return {
    countsMessages,
    sent(topic, tag) {
      if (countsMessages()) count(sent, topics.of(topic), environmentOf(tag));
    },
    consumed(consumer, topic, tag, operation) {
      if (!countsMessages()) return;
      const { group, tag: groupTag } = consumer;
      const isStandIn = groupTag !== undefined && groupTag !== instanceTag;
      count(consumed, groups.of(group), topics.of(topic), environmentOf(tag), operation, String(isStandIn));
    },
    skipped({ group }, topic, tag) {
      if (countsMessages()) count(skipped, groups.of(group), topics.of(topic), environmentOf(tag));
    },
    givenBack({ group, tag }, messages) {
      if (countsMessages()) givenBack.add(messages, groups.of(group), environmentOf(tag));
    },
    routed(tag, outcome) {
      const environment = environmentOf(tag);
      let outcomes = routed.get(environment);
      if (outcomes === undefined) {
        outcomes = { own: 0, baseline: 0, nobody: 0, 'as sent': 0 };
        routed.set(environment, outcomes);
      }
      outcomes[outcome]++;
    },
    ruled: (tag, rule) => count(ruled, environmentOf(tag), rule === undefined ? 'none' : String(rule)),
    settingsChanged: result => count(settingsChanges, result),
    malformedTag: carrier => count(malformedTags, carrier),
    hookError: hook => count(hookErrors, hooks.of(hook)),
    knowTag: tags.admit,
    read: () => ({
      messagesSince,
      sent: sent.read(),
      consumed: consumed.read(),
      skipped: skipped.read(),
      givenBack: givenBack.read(),
      routed: [...routed].flatMap(routedTotals),
      ruled: ruled.read(),
      settingsChanges: settingsChanges.read(),
      malformedTags: malformedTags.read(),
      hookErrors: hookErrors.read(),
    }),
  };
}

function routedTotals([environment, outcomes]: readonly [string, Readonly<Record<RoutingOutcome, number>>]) {
  const counted = ROUTING_OUTCOMES.filter(outcome => outcomes[outcome] > 0);
  return counted.map(outcome => ({ environment, outcome, count: outcomes[outcome] }));
}
