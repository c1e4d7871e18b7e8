import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';

let directory: string;
let bundle: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'free-ports-'));
  bundle = join(directory, 'free-ports.js');
  const entryPoints = [join(__dirname, '../../fixtures/servers/free-ports.ts')];
  buildSync({ entryPoints, outfile: bundle, bundle: true, platform: 'node', format: 'cjs' });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Ports that a process takes, of which it ends in an orderly way or by a signal. */
function portsOf(end: 'exit' | 'SIGKILL'): number[] {
  const script = `const { freePort } = require(${JSON.stringify(bundle)});
    (async () => {
      const ports = [];
      for (let i = 0; i < 20; i++) ports.push(await freePort([1]));
      require('node:fs').writeSync(1, JSON.stringify(ports));
      if ('${end}' === 'SIGKILL') process.kill(process.pid, 'SIGKILL');
    })();`;
  try {
    return JSON.parse(
      execFileSync(process.execPath, ['-e', script], { env: { ...process.env, TMPDIR: directory } }).toString(),
    );
  } catch (error) {
    return JSON.parse((error as { stdout: Buffer }).stdout.toString());
  }
}

const reserved = () =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(file => /[\\/]\d+$/.test(file)).length;

it('ports are reserved while a process runs, and free when it has ended, however it ended', () => {
  const ports = portsOf('exit');
  expect(new Set(ports.flatMap(port => [port, port + 1])).size).toBe(40);
  expect(reserved()).toBe(0);
  portsOf('SIGKILL');
  expect(reserved()).toBe(40);
  // What a killed process has left keeps nobody from its ports.
  expect(portsOf('exit')).toHaveLength(20);
});
