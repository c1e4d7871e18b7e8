/** Figures compared with their base, and whether they clear their goals. Pure. */
import type { Compared, Goal, Measured, Metric } from './measurement';
import { differences, type Estimate, estimate, ROUNDS_OF_AN_INTERVAL, type Rounds, ratios } from './statistics';

export interface Figure {
  readonly contender: string;
  /** The value itself. */
  readonly absolute: Estimate;
  /** Compared with the base's, round by round; undefined for what has no base. */
  readonly compared: Estimate | undefined;
}

export function figures({ contenders }: Pick<Measured, 'contenders'>, metric: Metric): Figure[] {
  const valuesOf = (name: string): Rounds => metric.values[name] ?? [];
  return contenders
    .filter(({ name }) => valuesOf(name).some(value => value !== null))
    .map(({ name, base }) => ({
      contender: name,
      absolute: estimate(valuesOf(name).filter(value => value !== null)),
      compared: base === undefined ? undefined : compare(metric, valuesOf(name), valuesOf(base)),
    }));
}

function compare({ comparison }: Metric, values: Rounds, ofBase: Rounds): Estimate {
  return estimate(comparison === 'ratio' ? ratios(values, ofBase) : differences(values, ofBase));
}

export interface Judged extends Goal {
  readonly compared: Estimate;
  readonly better: Metric['better'];
  readonly comparison: Metric['comparison'];
  readonly unit: string;
  /** The whole confidence interval is on the good side of the bound. */
  readonly isMet: boolean;
  /** The whole of it is on the bad side; neither: the run does not say. */
  readonly isMissed: boolean;
}

/** @throws Error for a goal of something that was not measured, or has no base */
export function judge(measured: Measured): Judged[] {
  return measured.goals.map(goal => {
    const metric = measured.metrics.find(({ name }) => name === goal.metric);
    const compared = metric && comparedFor(goal, measured, metric);
    if (!metric || !compared) throw new Error(`nothing is measured for ${goal.contender}, ${goal.metric}`);
    const { better, comparison, unit } = metric;
    const { low, high, count } = compared;
    const isSure = count >= ROUNDS_OF_AN_INTERVAL;
    const isMet = isSure && (better === 'higher' ? low >= goal.bound : high <= goal.bound);
    const isMissed = isSure && (better === 'higher' ? high < goal.bound : low > goal.bound);
    return { ...goal, compared, better, comparison, unit, isMet, isMissed };
  });
}

function comparedFor({ contender, against }: Goal, measured: Measured, metric: Metric): Estimate | undefined {
  const values = metric.values[contender];
  const base = against === undefined ? undefined : metric.values[against];
  if (values !== undefined && base !== undefined) return compare(metric, values, base);
  return against === undefined
    ? figures(measured, metric).find(figure => figure.contender === contender)?.compared
    : undefined;
}

export function titleOf({ contenders }: { readonly contenders: readonly Compared[] }, name: string): string {
  return contenders.find(contender => contender.name === name)?.title ?? name;
}
