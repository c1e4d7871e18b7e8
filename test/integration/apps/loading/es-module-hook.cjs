// A preload that instruments an ES module package with the agent's own loader: what an instrumentation of such a library
// would be. Loader threads run preloads too.
const path = require('node:path');
const { isInternalThread } = require('node:worker_threads');

const dist = file => require(path.join(__dirname, '../node_modules/rocketmq-gray/dist', file));
const { createAgent } = dist('agent/agent.js');
const { loadSettings } = dist('config/load.js');
const { install } = dist('loader/install.js');
const { wrapMethod } = dist('foreign-objects/wrap.js');

if (!isInternalThread) {
  const log = globalThis;
  log.patches = [];
  const instrumentation = (module, versions) => ({
    module,
    versions,
    files: {
      'lib/greeter.js'({ Greeter }, _agent, { version }) {
        log.patches.push(`${module} ${version}`);
        wrapMethod(
          Greeter.prototype,
          'greet',
          original =>
            function greet(...args) {
              return `${original.apply(this, args)}, patched`;
            },
        );
      },
      'lib/replaced.js'(exports) {
        exports.replaced = () => 'replaced';
      },
      'lib/broken.js'() {
        throw new Error('broken hook');
      },
    },
  });
  install(
    [],
    [
      { module: 'greeter', esModule: true, load: () => instrumentation('greeter', '>=1.0.0 <2') },
      { module: '@scope/greeter', esModule: true, load: () => instrumentation('@scope/greeter', '>=1.0.0 <2') },
      { module: 'unknown-greeter', esModule: true, load: () => instrumentation('unknown-greeter', '>=1.0.0 <2') },
    ],
    createAgent(loadSettings({}).settings),
  );
}
