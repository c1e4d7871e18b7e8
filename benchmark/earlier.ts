/** What an earlier run into the same directory measured and this one does not. Pure. */
import type { Machine, Run } from './report';

/** What is in benchmark.json. */
export interface Figures {
  readonly machine: Machine;
  readonly runs: readonly Run[];
}

/**
 * The runs with the scenarios of `earlier` that were not measured anew, for the same versions of Node.js; none where the
 * machine or a version of a package is another one now.
 * @param order names of the scenarios
 */
export function withEarlier({ machine, runs }: Figures, earlier: Figures | undefined, order: readonly string[]): Run[] {
  const isComparable = earlier !== undefined && JSON.stringify(earlier.machine) === JSON.stringify(machine);
  const before = isComparable ? earlier.runs : [];
  const merged = runs.map(({ node, measured }) => {
    const isNew = (scenario: string) => measured.some(one => one.scenario === scenario);
    const kept = (before.find(run => run.node === node)?.measured ?? []).filter(({ scenario }) => !isNew(scenario));
    const place = ({ scenario }: { readonly scenario: string }) => order.indexOf(scenario);
    return { node, measured: [...measured, ...kept].sort((one, other) => place(one) - place(other)) };
  });
  const others = before.filter(({ node }) => !runs.some(run => run.node === node));
  return [...merged, ...others].sort((one, other) => Number.parseInt(one.node, 10) - Number.parseInt(other.node, 10));
}
