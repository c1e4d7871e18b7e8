/** A short run of `npm run chaos -- --churn`: environments come and go, and nothing of them is left after `clean`. */
import { expect, it } from 'vitest';
import { CHAOS_TIMEOUT_MS, playShortly } from '../integration/short-chaos';

it(
  'nothing is lost, and nothing is taken by others, while environments come and go',
  async () => {
    const { run, said } = await playShortly('--churn', '--tags', '20', '--processes', '3');
    expect(run.byTag.get('environments')?.sent, said).toBeGreaterThan(0);
    expect(run.churn?.lives, said).toBeGreaterThan(5);
    // Those of the declared tag were there before, and are gone as well.
    const { before, after } = run.churn?.traces ?? {};
    expect(after?.groups, said).toBeLessThanOrEqual(before?.groups ?? 0);
    expect(after?.entries, said).toBeLessThanOrEqual(before?.entries ?? 0);
  },
  CHAOS_TIMEOUT_MS,
);
