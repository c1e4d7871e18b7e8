/**
 * How often a property is tried. `PROPERTY_RUNS` multiplies it: `npm run mutate`, which has thousands of mutants to try, takes a
 * part; a hunt takes many times as much.
 */
export function propertyRuns(count: number): number {
  return Math.ceil(count * Number(process.env.PROPERTY_RUNS ?? 1));
}
