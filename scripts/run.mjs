// `node scripts/run.mjs <folder> [options]`: the program `run.ts` of a folder, whose options are told in its `options.ts`. They are
// looked at first: neither wrong ones nor a question for help wait for what has to be built and fetched.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, say } from './prepare.mjs';

const [folder = '', ...args] = process.argv.slice(2);
try {
  prepare.installDependencies();
  const { source } = await import('./sources.js');
  if (areRefused(source(join(folder, 'options.ts')))) process.exit();
  prepare.buildAgent();
  prepare.buildFixtures();
  await prepare.installServers(false);
} catch (error) {
  say(error instanceof Error ? error.message : `${error}`);
  process.exit(1);
}
const program = join(process.cwd(), 'build', folder, 'run.js');
process.argv.splice(1, 2, program);
await import(pathToFileURL(program).href);

/** @param {{ parseOptions(args: readonly string[]): unknown }} options */
function areRefused({ parseOptions }) {
  try {
    parseOptions(args);
    return false;
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    const isHelp = name === 'HelpAskedFor';
    if (isHelp) console.log(message);
    else console.error(message);
    process.exitCode = isHelp ? 0 : 2;
    return true;
  }
}
