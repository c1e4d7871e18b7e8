// The preload: `node --require rocketmq-gray/register app.js`. Reads the settings and installs the hooks. What stands here and
// in not-started.js is understood by old versions of Node.js, from 6 on: they have to be told what is wrong.

const OLDEST = [18, 19];

// The image of the agent marks its copy: it was put beside an application, which has to start whatever becomes of us.
const directory = require('path').join(__dirname, '..');
const injected = require('fs').existsSync(require('path').join(directory, 'injected')) ? directory : undefined;

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  const { sayNotStarted } = require('./not-started.js');
  sayNotStarted('tooOld', { version: process.versions.node, oldest: OLDEST.join('.') }, injected);
} else if (!isLoaderThread()) {
  start();
}

// Node.js runs preloads in its own loader threads too; no code of the application runs there. Versions that do not tell
// (18, 20) give them no parent port.
function isLoaderThread() {
  const { isInternalThread, isMainThread, parentPort } = require('worker_threads');
  return isInternalThread === undefined ? !isMainThread && parentPort === null : isInternalThread;
}

function start() {
  try {
    require('../dist/start.js').start(injected);
  } catch (error) {
    // A copy of the package without some of its parts.
    const { sayNotStarted } = require('./not-started.js');
    sayNotStarted('notLoaded', { problem: (error && error.message) || error }, injected);
  }
}
