// Everything that the demo needs, from a fresh clone on; with --every-broker, what the tests need, a browser included. What is there and up to
// date is used again.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

try {
  if (!isFresh('node_modules/.package-lock.json', ['package-lock.json'])) {
    say('installing dependencies (npm ci)');
    npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
  }
  const settings = ['package.json', 'tsconfig.json', 'scripts'];
  build('dist', 'the agent', [...settings, 'src', 'tsconfig.build.json'], () => node('scripts/build.mjs'));
  build('build', 'the fixtures', [...settings, 'src', 'fixtures', 'benchmark', 'tsconfig.fixtures.json'], () => {
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    node(tsc, '-p', 'tsconfig.fixtures.json');
  });
  const { installRocketmq, ROCKETMQ_VERSIONS } = await fixture('rocketmq');
  const isForTests = process.argv.includes('--every-broker');
  await installRocketmq(say, isForTests ? ROCKETMQ_VERSIONS : undefined);
  const { installNacos } = await fixture('nacos');
  await installNacos(say);
  if (isForTests) {
    const { installChromium } = await fixture('chromium');
    await installChromium(say);
    const { installApacheRocketmq } = await fixture('apache-rocketmq');
    await installApacheRocketmq(say);
  }
} catch (error) {
  console.error(`setup: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

/**
 * By address: it is not there before it is built.
 *
 * @param {string} name
 */
function fixture(name) {
  return import(new URL(`../build/fixtures/${name}/index.js`, import.meta.url).href);
}

/** @param {string} line */
function say(line) {
  console.log(`setup: ${line}`);
}

/**
 * Runs a build unless the last one that succeeded began after the last change of a source.
 *
 * @param {string} output the directory that is built
 * @param {string} what the same for people
 * @param {readonly string[]} sources
 * @param {() => void} run
 */
function build(output, what, sources, run) {
  const stamp = join('.cache', `${output}.built`);
  if (existsSync(output) && isFresh(stamp, sources)) return;
  say(`building ${what}`);
  const began = new Date();
  run();
  mkdirSync('.cache', { recursive: true });
  writeFileSync(stamp, '');
  utimesSync(stamp, began, began);
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

/** @param {string[]} args */
function node(...args) {
  run(process.execPath, args);
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
