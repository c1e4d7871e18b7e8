/** Plain Node.js, and what starts it: npm, pnpm, Yarn, a container. */
import { describe } from 'vitest';
import { testInProduction } from './in-production';
import { inForeground } from './ways';

describe('Node.js', () => testInProduction({ recipe: 'node', apps: ['plain'], way: inForeground }));
