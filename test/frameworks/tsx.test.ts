/** TypeScript that is compiled as it is loaded: an ES module with a client of RocketMQ that is CommonJS. */
import { testInProduction } from './in-production';
import { inForeground } from './ways';

testInProduction({ recipe: 'tsx', apps: ['tsx'], dependencies: { tsx: '^4' }, way: inForeground });
