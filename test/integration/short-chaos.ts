/** Short runs of `npm run chaos`: what holds on a machine of any speed. The bounds of time are for a run by itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { account } from '../../fixtures/chaos/accounting';
import { type Mode, parseOptions } from '../../fixtures/chaos/options';
import { paceOf } from '../../fixtures/chaos/plan';
import { play } from '../../fixtures/chaos/play';
import { missingEvents } from '../../fixtures/chaos/report';

export const MODE: Mode = 'auto';
const SECONDS = 75;
/** Servers that start, the events, and until what a killed process held has come back. */
export const CHAOS_TIMEOUT_MS = 600_000;

/** Plays one, and expects that nothing is lost and that nothing is taken by others. */
export async function playShortly(...further: readonly string[]) {
  const logs = mkdtempSync(join(tmpdir(), 'rocketmq-gray-chaos-logs-'));
  try {
    return await playInto(logs, further);
  } finally {
    rmSync(logs, { recursive: true, force: true });
  }
}

async function playInto(logs: string, further: readonly string[]) {
  const options = parseOptions(['--mode', MODE, '--seconds', `${SECONDS}`, '--at-least', '1', ...further]);
  const progress: string[] = [];
  const record = await play({
    ...options,
    pace: paceOf(SECONDS),
    withAgent: true,
    logs,
    signal: new AbortController().signal,
    onProgress: line => progress.push(line),
  });
  const run = account(record, { isIsolated: true, graceMs: SECONDS * 1_000 });

  const said = [...progress, ...record.endedByThemselves].join('\n');
  expect(missingEvents(run, options.atLeast), said).toEqual([]);
  expect(run.ids.lost, said).toEqual([]);
  expect(run.ids.foreign, said).toEqual([]);
  expect(run.ids.lostByOwner, said).toEqual([]);
  expect(run.byTag.get('gray')?.sent, said).toBeGreaterThan(0);
  return { run, said };
}
