/** The generations of undici that tests run, side by side in one application: `v5/node_modules/undici` … */
import type { NodeVersion } from '../../fixtures/node-versions';
import type { Sandbox } from './sandbox';

/** `since`: the oldest version of Node.js that it runs on. */
export const UNDICI = [
  { major: 5, since: 18 },
  { major: 6, since: 18 },
  { major: 7, since: 20 },
  { major: 8, since: 22 },
];

/** Those that run on a version of Node.js. */
export function undiciFor({ major }: Pick<NodeVersion, 'major'>) {
  return UNDICI.filter(({ since }) => major >= since);
}

/** What an application depends upon to have these generations. */
export function undiciDependencies(majors: readonly number[]): Record<string, string> {
  return Object.fromEntries(majors.map(major => [`undici${major}`, `npm:undici@${major}`]));
}

/** Puts them in their places, each under its own name. */
export function placeUndici(sandbox: Sandbox, majors: readonly number[]): void {
  for (const major of majors) sandbox.unalias(`undici${major}`, `v${major}`, 'undici');
}
