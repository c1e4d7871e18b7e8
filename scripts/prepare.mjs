// The steps that get a checkout ready. Each does nothing when what it makes is there and up to date.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const SETTINGS = ['package.json', 'tsconfig.json', 'scripts'];
const AGENT = [...SETTINGS, 'src', 'tsconfig.build.json'];

export const prepare = {
  installDependencies() {
    if (isFresh('node_modules/.package-lock.json', ['package-lock.json'])) return;
    say('installing dependencies (npm ci)');
    npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
  },

  buildAgent() {
    build('dist', 'dist', 'the agent', AGENT, () => node('scripts/build.mjs'));
  },

  /** Without new types where there are some: for tests of one file. */
  buildAgentQuickly() {
    if (existsSync('dist') && isFresh(stampOf('dist'), AGENT)) return;
    build('dist', 'dist-quick', 'the agent', AGENT, () => node('scripts/build.mjs', '--quick'));
  },

  buildFixtures() {
    const sources = [...SETTINGS, 'src', 'fixtures', 'benchmark'];
    build('build', 'build', 'the fixtures', sources, () => node('scripts/build-fixtures.mjs'));
  },

  /** @param {boolean} forTests every broker, a browser and the native client, too */
  async installServers(forTests) {
    const stamp = stampOf(forTests ? 'installed-for-tests' : 'installed');
    const began = new Date();
    const { installRocketmq, ROCKETMQ_VERSIONS } = await fixture('rocketmq');
    await installRocketmq(say, forTests ? ROCKETMQ_VERSIONS : undefined);
    const { installNacos } = await fixture('nacos');
    await installNacos(say);
    if (forTests) {
      const { installChromium } = await fixture('chromium');
      await installChromium(say);
      const { installApacheRocketmq } = await fixture('apache-rocketmq');
      await installApacheRocketmq(say);
    }
    mark(stamp, began);
  },

  /** The same, unless it was done since what installs them has changed: to look takes a second or two. */
  async installServersOnce() {
    if (!isFresh(stampOf('installed-for-tests'), ['fixtures', 'package-lock.json'])) await this.installServers(true);
  },

  /** Packs what is built; the path of the tarball. */
  pack() {
    const tarball = join(process.cwd(), '.cache', 'packed', 'rocketmq-gray.tgz');
    const sources = [
      'dist',
      'register',
      'docs',
      'README.md',
      'README.zh-CN.md',
      'package.json',
      'node_modules/.package-lock.json',
    ];
    if (isFresh(tarball, sources)) return tarball;
    const directory = join('.cache', 'packed');
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    npm('pack', '--ignore-scripts', '--loglevel=silent', '--pack-destination', directory);
    const [packed] = readdirSync(directory);
    renameSync(join(directory, packed ?? ''), tarball);
    return tarball;
  },
};

/** @param {string} line */
export function say(line) {
  console.log(`setup: ${line}`);
}

/**
 * A module of the fixtures, by address: it is not there before it is built.
 *
 * @param {string} name its folder
 * @param {string} file
 */
export function fixture(name, file = 'index') {
  return import(new URL(`../build/fixtures/${name}/${file}.js`, import.meta.url).href);
}

/** @param {string[]} args */
export function node(...args) {
  run(process.execPath, args);
}

/**
 * Runs a build unless the last one that succeeded began after the last change of a source.
 *
 * @param {string} output the directory that is built
 * @param {string} name of the stamp that says when
 * @param {string} what the same for people
 * @param {readonly string[]} sources
 * @param {() => void} run
 */
function build(output, name, what, sources, run) {
  if (existsSync(output) && isFresh(stampOf(name), sources)) return;
  say(`building ${what}`);
  const began = new Date();
  run();
  mark(stampOf(name), began);
}

/** @param {string} name */
function stampOf(name) {
  return join('.cache', `${name}.built`);
}

/**
 * @param {string} stamp
 * @param {Date} time
 */
function mark(stamp, time) {
  mkdirSync('.cache', { recursive: true });
  writeFileSync(stamp, '');
  utimesSync(stamp, time, time);
}

/**
 * @param {string} output
 * @param {readonly string[]} sources
 */
function isFresh(output, sources) {
  return existsSync(output) && statSync(output).mtimeMs >= Math.max(...sources.map(lastChange));
}

/**
 * In ms. Directories count: theirs is the time of the last file that came or went.
 *
 * @param {string} path
 * @returns {number}
 */
function lastChange(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(path).map(name => lastChange(join(path, name))));
}

/** @param {string[]} args */
function npm(...args) {
  // The npm that runs this script, if one does.
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) node(cli, ...args);
  else run('npm', args);
}

/**
 * Runs a program; what it has to say it says itself.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? `exit code ${status}`}`);
}
