/** A short run of `npm run chaos`. */
import { describe, it } from 'vitest';
import { CHAOS_TIMEOUT_MS, MODE, playShortly } from './short-chaos';

describe(`canaries that come, go, crash and freeze, brokers and baselines that restart, GRAY_MQ_BASELINE=${MODE}`, () => {
  it('nothing is lost, and nothing is taken by others', { timeout: CHAOS_TIMEOUT_MS }, async () => {
    await playShortly();
  });
});
