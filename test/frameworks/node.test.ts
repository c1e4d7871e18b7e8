/** Plain Node.js, and what starts it: npm, pnpm, Yarn with Plug'n'Play, a container. */
import { describe } from 'vitest';
import { testInProduction } from './in-production';
import { inForeground } from './ways';

const common = { apps: ['plain'], way: inForeground };

describe('Node.js', () => testInProduction({ ...common, recipe: 'node' }));
describe('NODE_OPTIONS', () => testInProduction({ ...common, recipe: 'node-options' }));
describe('npm', () => testInProduction({ ...common, recipe: 'npm' }));
describe('pnpm', () => testInProduction({ ...common, recipe: 'pnpm', installedBy: 'pnpm' }));
describe('Yarn', () => testInProduction({ ...common, recipe: 'yarn', installedBy: 'yarn' }));
describe('Yarn, NODE_OPTIONS', () => testInProduction({ ...common, recipe: 'yarn-node-options', installedBy: 'yarn' }));
describe('a container', () => testInProduction({ ...common, recipe: 'container', apps: ['plain', 'container'] }));
