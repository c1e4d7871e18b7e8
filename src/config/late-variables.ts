/** Variables that were set after the agent had read them, as dotenv does: they have no effect. */
import type { Environment } from './environment';
import { SETTINGS } from './settings';

export interface LateVariable {
  readonly variable: string;
  readonly value: string;
}

export interface LateVariables {
  /** Of the instance tag: the process takes itself for another environment than the agent does. */
  readonly tag: LateVariable | undefined;
  readonly others: readonly LateVariable[];
}

/** @param before those that the agent has read */
export function lateVariables(before: Environment, now: Environment = process.env): LateVariables {
  const late = SETTINGS.flatMap(({ name, variables }) =>
    variables.flatMap(variable => {
      const value = now[variable]?.trim();
      return !value || value === before[variable]?.trim() ? [] : [{ name, variable, value }];
    }),
  );
  return { tag: late.find(({ name }) => name === 'tag'), others: late.filter(({ name }) => name !== 'tag') };
}
