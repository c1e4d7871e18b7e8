/** Throw-away applications with the packed package installed, as its users have it. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { withLock } from '../../fixtures/applications/lock';
import { CACHE, npmInstall, PROJECT_ROOT } from '../../fixtures/applications/npm';
import { parseReplacements, replaced } from '../../fixtures/library-versions/choice';

const CLIENTS = join(PROJECT_ROOT, 'fixtures', 'rocketmq-clients');

export interface SandboxOptions {
  /** npm packages beside ours, as in a package.json: `{ undici: '^7', undici5: 'npm:undici@5' }`. */
  readonly dependencies?: Readonly<Record<string, string>>;
  /** Directories whose files the application has, one over the other. Default: `test/integration/apps`, and in `clients` those of fixtures/rocketmq-clients. */
  readonly apps?: readonly string[];
  /** Files to write, by their path within the application; also under `node_modules`. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface Sandbox {
  /** Root of the application: a package.json, node_modules and copies of `apps`. */
  readonly directory: string;
  /** The installed package: `node_modules/rocketmq-gray`. */
  readonly agentDirectory: string;
  /** The program of `npx rocketmq-gray`. */
  readonly commandLine: string;
  /** Absolute path of a file of the application. */
  path(file: string): string;
  /** Writes (or replaces) a file of the application. */
  write(file: string, text: string): void;
  /**
   * Moves a package that was installed as `alias` (`npm:undici@5`) to `<directory>/node_modules`: under its own name, as one
   * that the application did not rename.
   */
  unalias(alias: string, directory: string, name: string): void;
  remove(): void;
}

/**
 * Creates an application outside of the repository. Its dependencies are installed once for each set of them and kept
 * under `.cache/sandboxes`; only our own package is put in anew each time.
 */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { dependencies = {}, apps, files = {} } = options;
  const tarball = inject('tarball');
  const installed = await installDependencies(withLookedAt(dependencies), tarball);
  const directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-app-'));
  const agentDirectory = join(directory, 'node_modules', 'rocketmq-gray');

  copyTree(join(installed, 'node_modules'), join(directory, 'node_modules'));
  replacePackage(tarball, agentDirectory);
  for (const app of apps ?? [join(__dirname, 'apps')]) cpSync(app, directory, { recursive: true });
  // Those of this suite consume and produce as each client of RocketMQ wants it.
  if (apps === undefined) cpSync(CLIENTS, join(directory, 'clients'), { recursive: true });

  const sandbox: Sandbox = {
    directory,
    agentDirectory,
    commandLine: join(agentDirectory, binaryOf(agentDirectory)),
    path: file => join(directory, file),
    write(file, text) {
      const path = join(directory, file);
      mkdirSync(dirname(path), { recursive: true });
      // Files of dependencies are hard links into the cache: replaced, not written into.
      rmSync(path, { force: true });
      writeFileSync(path, text);
    },
    unalias(alias, to, name) {
      const path = join(directory, to, 'node_modules', name);
      mkdirSync(dirname(path), { recursive: true });
      renameSync(join(directory, 'node_modules', alias), path);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
  sandbox.write('package.json', '{ "name": "app", "version": "1.0.0", "private": true }\n');
  for (const [file, text] of Object.entries(files)) sandbox.write(file, text);
  return sandbox;
}

/** With the versions that `npm run versions` looks at, in the place of the ranges that a test names. It is told of each. */
function withLookedAt(named: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { dependencies, taken } = replaced(named, parseReplacements(process.env.TEST_LIBRARIES ?? ''));
  for (const { package: name, version } of taken) console.log(`installed ${name} ${version}`);
  return dependencies;
}

/** The path of the package's one program within it. */
function binaryOf(agentDirectory: string): string {
  const { bin } = JSON.parse(readFileSync(join(agentDirectory, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  return bin['rocketmq-gray'] ?? '';
}

/** A directory whose node_modules hold the packages and ours, which brings what it depends upon, as npm lays them out. */
async function installDependencies(dependencies: Readonly<Record<string, string>>, tarball: string): Promise<string> {
  const set = JSON.stringify(['bundled', Object.entries(dependencies).sort(), process.platform, process.arch]);
  const directory = join(CACHE, 'sandboxes', createHash('sha256').update(set).digest('hex').slice(0, 16));
  if (existsSync(directory)) return directory;

  return withLock(`${directory}.lock`, async () => {
    if (existsSync(directory)) return directory;
    const partial = `${directory}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    writeFileSync(join(partial, 'package.json'), JSON.stringify({ name: 'app', private: true, dependencies }));
    await npmInstall(partial, [tarball]);
    renameSync(partial, directory);
    return directory;
  });
}

/** Hard links where the system can (Linux, one file system): thousands of files in no time. */
function copyTree(from: string, to: string): void {
  try {
    execFileSync('cp', ['-al', from, to], { stdio: 'ignore' });
  } catch {
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  }
}

/** Replaces our package, with the dependencies that it brings along. */
function replacePackage(tarball: string, directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', directory, '--strip-components=1']);
}
