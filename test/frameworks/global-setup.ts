/** Before the tests of frameworks: the packed package, and one RocketMQ for all of them. */
import { type Rocketmq, startRocketmq } from '../../fixtures/rocketmq';
import { providePackage } from '../integration/global-setup';
import { bareName, recipeNames } from './recipes';

export interface RocketmqAddresses {
  readonly namesrv: string;
  readonly endpoints: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    rocketmq: RocketmqAddresses;
  }
}

/** The parts of vitest's TestProject that are used; its types are an ES module's, this file is none. */
interface Project {
  provide(name: 'tarball', value: string): void;
  provide(name: 'rocketmq', value: RocketmqAddresses): void;
}

export default async function setup(project: Project): Promise<() => Promise<void>> {
  const removePackage = await providePackage(project);
  const rocketmq = await startRocketmq();
  await Promise.all(recipeNames().flatMap(name => [create(rocketmq, name), create(rocketmq, bareName(name))]));
  project.provide('rocketmq', { namesrv: rocketmq.namesrv, endpoints: rocketmq.endpoints });
  return async () => {
    await rocketmq.stop();
    removePackage();
  };
}

async function create(rocketmq: Rocketmq, name: string): Promise<void> {
  await rocketmq.createTopic(name, { queues: 2 });
  await rocketmq.createGroup(name);
}
