/** A short run of `npm run chaos -- --live`: settings change while canaries come and go. */
import { expect, it } from 'vitest';
import { CHAOS_TIMEOUT_MS, playShortly } from '../integration/short-chaos';

it(
  'nothing is lost, and nothing is taken by others, while a tag is declared, ignored and taken again',
  async () => {
    const { run, said } = await playShortly('--live');
    expect(run.byTag.get('live')?.sent, said).toBeGreaterThan(0);
  },
  CHAOS_TIMEOUT_MS,
);
