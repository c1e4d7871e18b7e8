/** The options of `npm run bench`. Pure. */

import { join } from 'node:path';
import { NODE_VERSIONS } from '../fixtures/node-versions';
import { commandOptions } from '../fixtures/servers/command-options';
import { SCENARIOS } from './scenarios';

export interface Options {
  /** Versions of Node.js, as the registry knows them: `22`, `26`. */
  readonly nodes: readonly string[];
  /** Parts of scenarios' names; empty: all. */
  readonly only: readonly string[];
  readonly rounds: number;
  /** How long one contender's work in one round should take. */
  readonly workMs: number;
  /** Of the scenario that looks for leaks. */
  readonly requests: number;
  /** Where report, picture and raw figures go. Scenarios that are there and not measured anew stay. */
  readonly out: string;
}

/** Those that are maintained. */
const MEASURED = ['22', '24', '26'];

const USAGE =
  'npm run bench -- [--node 24,26] [--only http,send] [--rounds 12] [--work-ms 1300] [--requests 1000000] [--out DIR]';

/** @throws Error with one line for people; HelpAskedFor for `--help` */
export function parseOptions(
  args: readonly string[],
  scenarios: readonly string[] = Object.keys(SCENARIOS),
  nodes: readonly string[] = NODE_VERSIONS.map(({ name }) => name),
): Options {
  const values = parsed(args);
  const number = (name: keyof typeof values, otherwise: number, smallest: number): number => {
    const value = values[name] === undefined ? otherwise : Number(values[name] || Number.NaN);
    if (Number.isInteger(value) && value >= smallest) return value;
    throw new Error(`--${name} cannot be '${values[name]}'; usage: ${USAGE}`);
  };
  const list = (name: keyof typeof values): string[] => values[name]?.split(',').filter(Boolean) ?? [];
  const only = list('only');
  for (const part of only) {
    if (scenarios.some(name => name.includes(part))) continue;
    throw new Error(`--only: no scenario has '${part}' in its name; there are ${scenarios.join(', ')}`);
  }
  const asked = list('node');
  for (const node of asked) {
    if (!nodes.includes(node)) throw new Error(`--node cannot be '${node}'; there are ${nodes.join(', ')}`);
  }
  return {
    nodes: asked.length > 0 ? asked : nodes.filter(node => MEASURED.includes(node)),
    only,
    rounds: number('rounds', 12, 1),
    workMs: number('work-ms', 1_300, 10),
    requests: number('requests', 1_000_000, 1_000),
    out: values.out ?? join('.cache', 'benchmark'),
  };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  return commandOptions(
    args,
    { node: text, only: text, rounds: text, 'work-ms': text, requests: text, out: text },
    USAGE,
  );
}
