// The preload: `node --require rocketmq-gray/register app.js`. Reads the settings and installs the hooks.

const { isInternalThread, isMainThread, parentPort } = require('node:worker_threads');

// Node.js runs preloads in its own loader threads too; no code of the application runs there. Versions that do not tell
// (18, 20) give them no parent port.
if (!(isInternalThread ?? (!isMainThread && parentPort === null))) require('../dist/start.js').start();
