// `npm run servers [-- --stop]`: keeps servers warm for `npm run test:one`. The agent itself is not needed for that.
import { prepare, say } from './prepare.mjs';

try {
  prepare.installDependencies();
  prepare.buildFixtures();
} catch (error) {
  say(error instanceof Error ? error.message : `${error}`);
  process.exit(1);
}
await import(new URL('../build/fixtures/warm-servers/run.js', import.meta.url).href);
