// Everything that the demo needs, from a fresh clone on; with --every-broker, what the tests need, a browser included. What is
// there and up to date is used again.
import { prepare, say } from './prepare.mjs';

try {
  const { installDependencies, buildAgent, buildFixtures, installServers } = prepare;
  installDependencies();
  buildAgent();
  buildFixtures();
  await installServers(process.argv.includes('--every-broker'));
} catch (error) {
  say(error instanceof Error ? error.message : `${error}`);
  process.exit(1);
}
