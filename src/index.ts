import { runningAgent } from './agent/running-agent';
import { preloadsPackage } from './config/preload-options';

export { activeTag, runWithTag } from './public-functions';

// `--require rocketmq-gray`: what is meant is clear. Bundlers do not get here, or they would put all of the agent into each
// bundle: by the condition `module` of package.json they find the functions themselves.
if (runningAgent() === undefined && preloadsPackage()) require('../register');
