// The preload: `node --require rocketmq-gray/register app.js`. Reads the settings and installs the hooks.

const { isInternalThread } = require('node:worker_threads');

// Node.js runs preloads in its own loader threads too; no code of the application runs there.
if (!isInternalThread) require('../dist/start.js').start();
