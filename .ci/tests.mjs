/**
 * Runs the suites and counts their tests. Real servers on a busy machine miss a time limit now and then: files that failed
 * are run once more, by themselves, and are named. What fails twice has failed, and so has a run in which many fail.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fixture } from '../scripts/prepare.mjs';

const directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-ci-'));
const lines = [];
// What servers are made of is fetched and built once, which says nothing of how fast tests are.
spawnSync('node', ['scripts/setup.mjs', '--every-broker'], { stdio: 'inherit' });
const setUp = elapsed();

/** Scripts of package.json, and what they take on a quiet machine with two cores whose servers are in `.cache`. */
const SUITES = [
  { suite: 'test', minutes: 15 },
  { suite: 'test:operations', minutes: 4 },
  { suite: 'test:environments', minutes: 10 },
  { suite: 'test:frameworks', minutes: 7 },
  { suite: 'test:java', minutes: 3 },
  { suite: 'test:clusters', minutes: 7 },
  // All of the first again, and the versions of Node.js and RocketMQ between.
  { suite: 'test:matrix', minutes: 20 },
  // Builds Kubernetes, Kyverno and Compose where they are not there yet.
  { suite: 'test:kubernetes', minutes: (await isKubernetesInstalled()) ? 8 : 45 },
];
/** All suites together, in minutes: what would take longer is left out, and named. */
const LIMIT = 50;
/** Files of a suite that may be run again. */
const AGAIN = 8;

let expected = 0;
const results = SUITES.flatMap(({ suite, minutes }) => {
  // A machine that took twice as long until now will do so again.
  const slowness = expected === 0 ? 1 : Math.max(1, (elapsed() - setUp) / expected);
  if (elapsed() + minutes * slowness > LIMIT) {
    lines.push(
      `left out: ${suite}: about ${Math.ceil(minutes * slowness)} min more after ${Math.ceil(elapsed())}; run it by itself`,
    );
    return [];
  }
  expected += minutes;
  return resultsOf(suite);
});
rmSync(directory, { recursive: true });

const tests = results.flatMap(file => file.tests);
const count = (...states) => tests.filter(state => states.includes(state)).length;
// A file may fail as a whole, without a test that does.
const failed = Math.max(count('failed'), results.filter(file => file.failed).length);
for (const line of lines) console.log(line);
console.log(`${count('passed')} passed, ${failed} failed, ${tests.length - count('passed', 'failed')} skipped`);
process.exit(failed === 0 && count('passed') > 0 ? 0 : 1);

/** @returns minutes since the process began */
function elapsed() {
  return process.uptime() / 60;
}

/** @returns whether its programs are built; false, too, where the set-up failed, which the suites will tell */
async function isKubernetesInstalled() {
  try {
    return (await fixture('kubernetes', 'install')).isKubernetesInstalled();
  } catch {
    return false;
  }
}

function resultsOf(suite) {
  const first = run(suite, []);
  const failed = first.filter(file => file.failed && file.path !== undefined);
  if (failed.length === 0 || failed.length > AGAIN) return first;
  const paths = failed.map(file => file.path);
  console.log(`\nrun once more: ${paths.join(', ')}\n`);
  const second = run(suite, paths);
  for (const { path, failed } of second) if (!failed) lines.push(`failed at first, passed by itself: ${path}`);
  return [...first.filter(file => !failed.includes(file)), ...second];
}

/** @returns for each file its path (none: the run itself failed), whether it failed, and the states of its tests */
function run(suite, only) {
  const report = join(directory, 'report.json');
  rmSync(report, { force: true });
  const args = ['run', suite, '--', ...only, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status } = spawnSync('npm', args, { stdio: 'inherit' });
  // Missing, or empty, after a run that did not get as far as a report.
  const { testResults = [] } = JSON.parse((existsSync(report) && readFileSync(report, 'utf8')) || '{}');
  const files = testResults.map(({ name, status, assertionResults }) => ({
    path: relative(process.cwd(), name),
    failed: status === 'failed',
    tests: assertionResults.map(test => test.status),
  }));
  // An error outside of every file, or no report.
  if (status !== 0 && !files.some(file => file.failed)) files.push({ failed: true, tests: [] });
  return files;
}
