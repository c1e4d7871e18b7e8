import type { Fleet } from '../inspection/fleet/fleet-shape';

/** Of canaries, in the order of their tags; the baseline has its own. */
const COLOURS = ['#2a9d8f', '#c9822b', '#8a63c9', '#c1557a', '#6c8f2f', '#4d6fd1'];
const BASELINE_COLOUR = 'var(--baseline)';

/** The colour of an environment. */
export function colourOf({ environments }: Fleet, tag: string | null): string {
  if (tag === null) return BASELINE_COLOUR;
  const tags = environments.flatMap(environment => environment.tag ?? []);
  return COLOURS[tags.indexOf(tag) % COLOURS.length] ?? BASELINE_COLOUR;
}
