/** Before the tests of frameworks: the packed package, and one RocketMQ for all of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';
import { type Rocketmq, startRocketmq } from '../../fixtures/rocketmq';
import setUpPackage from '../integration/global-setup';
import { blocksOf } from './recipes';

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
  const removePackage = await setUpPackage(project);
  const rocketmq = await startRocketmq();
  await Promise.all(topics().map(topic => create(rocketmq, topic)));
  project.provide('rocketmq', { namesrv: rocketmq.namesrv, endpoints: rocketmq.endpoints });
  return async () => {
    await rocketmq.stop();
    removePackage();
  };
}

/** Each recipe has a topic and a consumer group of its name, the bare application beside it others. */
function topics(): string[] {
  const page = readFileSync(join(PROJECT_ROOT, 'docs', 'recipes.md'), 'utf8');
  const recipes = new Set(blocksOf(page).flatMap(block => block.recipe ?? []));
  return [...recipes].flatMap(recipe => [recipe, bareName(recipe)]);
}

export const bareName = (recipe: string) => `${recipe}-bare`;

async function create(rocketmq: Rocketmq, name: string): Promise<void> {
  await rocketmq.createTopic(name, { queues: 2 });
  await rocketmq.createGroup(name);
}
