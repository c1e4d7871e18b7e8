/** Workers made by hand with node:cluster: each of them serves and consumes. */
import { testInProduction } from './in-production';
import { inForeground } from './ways';

testInProduction({ recipe: 'cluster', apps: ['plain'], way: inForeground });
