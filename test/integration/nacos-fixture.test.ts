/** The fixture itself: what tests and demo take for granted of their Nacos, and of server processes in general. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import { startNacos } from '../../fixtures/nacos';
import { type NacosEnvironment, nacosEnvironment } from './nacos-environment';

describe('a running Nacos', () => {
  let environment: NacosEnvironment;
  beforeAll(async () => {
    environment = await nacosEnvironment();
  });
  afterAll(() => environment?.stop());

  it('lists the instances that are registered with it', async () => {
    const service = 'orders';
    expect(await environment.instances(service)).toEqual([]);
    const first = { ip: '127.0.0.1', port: 20_001, metadata: {} };
    const second = { ip: '127.0.0.1', port: 20_002, metadata: { gray_tag: 'gray', 'a.b': 'x&y=z é' } };
    for (const instance of [first, second]) await environment.register(service, instance);
    await expect.poll(() => environment.instances(service)).toEqual([first, second]);
    await environment.deregister(service, first);
    await expect.poll(() => environment.instances(service)).toEqual([second]);
  });

  it('serves clients: what one registers, another is told of', async () => {
    const service = 'providers:demo.Hello:1.0.0:';
    const instance = { ip: '127.0.0.1', port: 20_003, metadata: { side: 'provider' } };
    const app = environment.start('nacos/instance.js', { service, instance }, { WITHOUT_AGENT: 'true' });
    await app.waitFor('"registered"');
    await expect.poll(() => environment.instances(service), { timeout: 5_000 }).toEqual([instance]);
    await environment.register(service, { ...instance, port: 20_004 });
    expect(await app.waitFor(/20003.*20004|20004.*20003/)).toContain('"side":"provider"');
  });
});

describe('a Nacos that is no longer wanted', () => {
  it('is gone after stop(), with its files', async () => {
    const nacos = await startNacos();
    const directory = directoryOf(nacos.pid);
    expect([isAlive(nacos.pid), existsSync(directory)]).toEqual([true, true]);
    await nacos.stop();
    expect([isAlive(nacos.pid), existsSync(directory)]).toEqual([false, false]);
  });

  it('is gone, with its files, when the process that started it is killed', async () => {
    // In one text, so that it needs no build of the fixtures.
    const { outputFiles } = buildSync({
      stdin: {
        contents: `import { startNacos } from './fixtures/nacos';
          startNacos().then(({ pid }) => console.log(pid), error => console.log(error.message));`,
        resolveDir: PROJECT_ROOT,
      },
      bundle: true,
      platform: 'node',
      write: false,
      define: { __dirname: JSON.stringify(PROJECT_ROOT) },
    });
    // Not by start() of child.ts, which ends the whole process group.
    const starter = spawn(process.execPath, ['-e', outputFiles[0]?.text ?? ''], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(createInterface(starter.stdout), 'line')) as [string];
      expect(line).toMatch(/^\d+$/);
      const pid = Number(line);
      const directory = directoryOf(pid);
      starter.kill('SIGKILL');
      await expect.poll(() => [isAlive(pid), existsSync(directory)], { timeout: 10_000 }).toEqual([false, false]);
    } finally {
      starter.kill('SIGKILL');
    }
  });
});

it('a Nacos that does not start says why, with its log', async () => {
  const home = mkdtempSync(join(tmpdir(), 'rocketmq-gray-java-'));
  const { JAVA_HOME } = process.env;
  try {
    mkdirSync(join(home, 'bin'));
    writeFileSync(
      join(home, 'bin', 'java'),
      `#!/bin/sh\n[ "$1" = -version ] && echo 'version "17"' || { echo oops; exit 3; }`,
      {
        mode: 0o755,
      },
    );
    process.env.JAVA_HOME = home;
    await expect(startNacos()).rejects.toThrow(
      'Nacos did not start: nacos ended with exit code 3\n--- nacos.out\noops',
    );
  } finally {
    if (JAVA_HOME === undefined) delete process.env.JAVA_HOME;
    else process.env.JAVA_HOME = JAVA_HOME;
    rmSync(home, { recursive: true });
  }
});

/** The working directory of a server is that of its files. */
function directoryOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/cwd`);
}

/** A process that has ended may still be listed, until somebody waits for it, but without its program. */
function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`);
}
