/** From the start of a process to its end. */
import { spawn } from 'node:child_process';
import { applicationEnvironment } from '../../fixtures/applications/environment';
import type { Bench } from '../bench';
import { type Contender, STARTED } from '../contenders';
import type { Measured } from '../measurement';
import { inRounds } from '../rounds';
import { lowerQuartile } from '../statistics';

export const STARTS = {
  commonjs: { file: 'hello.js', title: 'start-up of a hello-world, CommonJS', comparison: 'difference', bound: 25 },
  module: { file: 'hello.mjs', title: 'start-up of a hello-world, ES module', comparison: 'difference', bound: 25 },
  large: {
    file: 'large.js',
    title: 'start-up of an application with express, nacos and two RocketMQ clients',
    comparison: 'ratio',
    bound: 1.05,
  },
} as const;
export type Start = keyof typeof STARTS;

const DURATION = 'duration';
const STARTS_OF_A_ROUND = 5;

export function startUp(start: Start) {
  return async (bench: Bench): Promise<Measured> => {
    const { file, title, comparison, bound } = STARTS[start];
    // Once before: what is read from the disk is in memory then.
    for (const contender of STARTED) await duration(bench, contender, file);
    const durations: Record<string, number[]> = Object.fromEntries(STARTED.map(({ name }) => [name, []]));
    for (let round = 0; round < bench.rounds; round++) {
      const starts = await inRounds(STARTED, STARTS_OF_A_ROUND, contender => duration(bench, contender, file));
      for (const [name, some] of starts) durations[name]?.push(lowerQuartile(some));
    }
    return {
      scenario: `start-up-${start}`,
      title,
      how: `from the start of a process to its end; the lower quartile of ${STARTS_OF_A_ROUND} starts, ${bench.rounds} rounds`,
      contenders: STARTED,
      metrics: [{ name: DURATION, unit: 'ms', comparison, better: 'lower', values: durations }],
      goals: [
        { metric: DURATION, contender: 'gray-untagged', bound },
        { metric: DURATION, contender: 'gray-tagged', bound },
      ],
    };
  };
}

/** In ms. @throws Error with what it said when it fails */
function duration({ node, processes }: Bench, { preload, environment }: Contender, file: string): Promise<number> {
  const env = { ...applicationEnvironment(processes.directory), ...environment };
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(node.path, [...preload, `apps/${file}`], {
      cwd: processes.directory,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', chunk => {
      said += chunk;
    });
    child.once('error', reject);
    child.once('exit', code => {
      if (code === 0) resolve(performance.now() - began);
      else reject(new Error(`${file} ended with ${code}:\n${said}`));
    });
  });
}
