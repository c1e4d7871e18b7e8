// Everything that `npm run test:kubernetes` needs, from a fresh clone on: RocketMQ, a Kubernetes API server with its etcd,
// kubectl, Kyverno's command line and Docker Compose (built from their Go modules, once), and what the image is built, copied and
// run with.
import { fixture, prepare, say } from './prepare.mjs';

try {
  prepare.installDependencies();
  prepare.buildAgent();
  prepare.buildFixtures();
  await prepare.installServers(false);
  const { installBuildah, installSkopeo } = await fixture('image');
  await installBuildah(say);
  await installSkopeo(say);
  const { installDockerClient } = await fixture('image', 'engine');
  await installDockerClient(say);
  const { installBubblewrap } = await fixture('kubernetes', 'container');
  await installBubblewrap(say);
  const { installMuslNode } = await fixture('musl');
  await installMuslNode(say);
  const { installKubernetes } = await fixture('kubernetes', 'install');
  await installKubernetes(say);
} catch (error) {
  say(error instanceof Error ? error.message : `${error}`);
  process.exit(1);
}
