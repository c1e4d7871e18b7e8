/**
 * Asks Nacos while the process waits: settings are needed before the application's first line runs. A process of its own asks,
 * for this one can do nothing else meanwhile.
 */
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import type { NacosAnswer, NacosSource } from './nacos';

/** A start waits for so long, ms. */
const LONGEST_WAIT_MS = 2_000;

export function askNacosNow(source: NacosSource): NacosAnswer | { readonly problem: string } {
  // The preloads of this process are none of its business.
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const script = path.join(__dirname, 'nacos-question.js');
  const { stdout, error, signal } = spawnSync(process.execPath, [script], {
    // Not among the arguments, which others see.
    input: JSON.stringify(source),
    env,
    encoding: 'utf8',
    timeout: LONGEST_WAIT_MS,
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  });
  if (signal !== null || (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') {
    return { problem: `no answer within ${LONGEST_WAIT_MS} ms` };
  }
  if (error !== undefined) return { problem: error.message };
  try {
    return JSON.parse(stdout) as NacosAnswer | { readonly problem: string };
  } catch {
    return { problem: 'the process that asks failed' };
  }
}
