/** What one consumer takes as it stands at the moment: its plan, and what changes of it while the consumer runs. */
import {
  type ConsumedMessage,
  type ConsumerPlan,
  copiesPlan,
  environmentOf,
  filterToCheck,
  isTaken,
  ownPartPlan,
  plannedFilter,
  standInPlan,
} from '../plan/consumer-plan';
import type { FilterExpression } from '../plan/filter-expression';
import { type LeftOut, NOTHING_LEFT_OUT, withBeginning, withIgnored, withTags } from '../plan/left-out';
import type { Beginning } from '../plan/subscription';
import type { ConsumerWithStandIns } from './steered-consumer';

/** A consumer as it is asked with its polls and messages: one of the application, or a stand-in. */
export interface Intake extends Omit<ConsumerPlan, 'settings'> {
  /** Where messages of other environments are left out: the broker does not deliver them, or the client skips them. */
  readonly side: 'broker' | 'client';
  /** A stand-in whose canary is there, and consumes other topics in the same group. */
  readonly isBeside: boolean;
  /** How long brokers may hold its polls, ms; undefined: as long as the client asks for. */
  readonly longestPollMs: number | undefined;
  /** Grows each time a consumer of the baseline takes less or more than before. */
  readonly revision: number;
  /** The filter for what the application subscribes to at this moment; the very same object when nothing changes. */
  filter(written: FilterExpression, topic: string): FilterExpression;
  /** Whether the consumer takes a message, when the client is asked. */
  takes(message: ConsumedMessage): boolean;
  /** The environment in which a message with this tag is handled, if it is taken; undefined: none. */
  environmentOf(tag: string | undefined): string | undefined;
  /** To be told of each message with a tag that reaches the consumer. */
  tagSeen(tag: string): void;
  /** Calls `listener` after each change of what {@link filter} answers: for clients whose filter brokers have to be told. */
  onChange(listener: () => void): void;
  /** From now on the client skips. */
  filterInClient(): void;
  /** From now on a consumer of the baseline takes no messages of these tags, whoever is there: in place of what it ignored. */
  ignoreTags(tags: readonly string[]): void;
}

/** The same as a hand-over steers it, in the baseline. */
export interface SteeredIntake extends Intake, ConsumerWithStandIns<SteeredIntake> {}

/** The intake of a consumer of the application. */
export interface OwnIntake extends SteeredIntake {
  /** A filter with a condition such as the consumer may come to have, to ask the brokers about beforehand. */
  filterToCheck(written: FilterExpression): FilterExpression;
  /**
   * A canary's messages of a topic are divided among its two groups: its own has what `divisor` does not select. Undefined:
   * all of them are in this consumer's group.
   */
  divide(topic: string, divisor: FilterExpression | undefined): void;
  /** The next canary may subscribe to what this one leaves out: its polls must not be held for long once it is gone. */
  shortenPolls(): void;
  /** What a consumer beside this one of a canary is to be, that takes what only the canary subscribes to. */
  ownPart(): Intake;
  /** The same of one that takes copies of the baseline's messages. */
  copies(): Intake;
}

export interface IntakeOptions {
  /** Default: `broker`. */
  readonly side?: 'broker' | 'client';
  readonly beginning?: Beginning | undefined;
  /** See {@link OwnIntake.divide}; by topic. */
  readonly divisors?: Map<string, FilterExpression>;
  readonly isBeside?: boolean;
}

interface PlannedFilter {
  readonly filter: FilterExpression;
  /** What it was made from. */
  readonly written: FilterExpression;
  readonly leftOut: LeftOut;
  readonly divisor: FilterExpression | undefined;
}

/** What a proxy holds a poll for at least (grpcClientConsumerMinLongPollingTimeoutMillis). */
export const SHORT_POLL_MS = 5_000;

export function createIntake(plan: ConsumerPlan, options: IntakeOptions = {}): OwnIntake {
  const { side: initialSide = 'broker', beginning, isBeside = false } = options;
  const { divisors = new Map<string, FilterExpression>() } = options;
  const { group, baselineGroup, tag, isFiltered, part, needsVersion5 } = plan;
  let side = initialSide;
  let leftOut = NOTHING_LEFT_OUT;
  let pollsAreShort = false;
  let onTag: ((tag: string) => void) | undefined;
  const listeners: (() => void)[] = [];
  /** By topic: clients ask with each poll, and hundreds of tags make a long filter. */
  const filters = new Map<string, PlannedFilter>();
  const filterOf = (written: FilterExpression, topic: string): FilterExpression => {
    const known = filters.get(topic);
    const divisor = divisors.get(topic);
    if (known?.written === written && known.leftOut === leftOut && known.divisor === divisor) return known.filter;
    const filter = plannedFilter(plan, written, topic, leftOut, divisor);
    filters.set(topic, { written, leftOut, divisor, filter });
    return filter;
  };
  const changed = () => {
    for (const listener of listeners) listener();
  };

  return {
    group,
    baselineGroup,
    tag,
    isFiltered,
    part,
    needsVersion5,
    isBeside,
    beginning,
    get side() {
      return side;
    },
    get longestPollMs() {
      return part !== 'shared' || pollsAreShort ? SHORT_POLL_MS : undefined;
    },
    get revision() {
      return leftOut.revision;
    },
    filter: (written, topic) => (side === 'client' ? written : filterOf(written, topic)),
    filterToCheck: written => filterToCheck(plan, written),
    takes: message => isTaken(plan, message, leftOut, divisors.get(message.topic)),
    environmentOf: seen => environmentOf(plan, seen),
    tagSeen: seen => onTag?.(seen),
    onTagSeen(listener) {
      onTag = listener;
    },
    onChange: listener => void listeners.push(listener),
    filterInClient() {
      if (side === 'client') return;
      side = 'client';
      changed();
    },
    ignoreTags(tags) {
      leftOut = withIgnored(leftOut, tags, plan.settings.mqIgnoreTags);
      changed();
    },
    excludeTags(topic, tags) {
      leftOut = withTags(leftOut, topic, tags);
      changed();
    },
    canaryBegins(topic, canary, offsets) {
      leftOut = withBeginning(leftOut, topic, canary, offsets);
    },
    divide(topic, divisor) {
      if (divisor === undefined) divisors.delete(topic);
      else divisors.set(topic, divisor);
      changed();
    },
    shortenPolls() {
      pollsAreShort = true;
    },
    ownPart: () => createIntake(ownPartPlan(plan), { side, beginning, divisors }),
    copies: () => createIntake(copiesPlan(plan), { side, beginning }),
    standIn: (canary, isBesideIt) => createIntake(standInPlan(plan, canary), { side, beginning, isBeside: isBesideIt }),
  };
}
