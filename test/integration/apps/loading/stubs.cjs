// What `require` hands out while a stub is in the place of a library, once more, and once the stub was taken away. By library
// and by what put the stub there. Prints it as JSON.
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const stub = { stub: true };
const nameOf = exports => (exports === stub || exports.default === stub ? 'stub' : 'real');

/** Forgets all of a library that was loaded. */
function unload(file) {
  const directory = path.join(file.slice(0, file.lastIndexOf('node_modules')), 'node_modules');
  for (const key of Object.keys(require.cache)) if (key.startsWith(directory)) delete require.cache[key];
}

/** Each puts a stub in the place of `library`, and returns what takes it away. */
const WAYS = {
  'require.cache[file].exports': (library, file) => {
    const real = require(library);
    require.cache[file].exports = stub;
    return () => {
      require.cache[file].exports = real;
    };
  },
  'require.cache[file], never loaded': (_library, file) => {
    unload(file);
    require.cache[file] = Object.assign(new Module(file), { filename: file, loaded: true, exports: stub });
    return () => delete require.cache[file];
  },
  'Module._load': library => {
    require(library);
    return replaceLoad(library);
  },
  'Module._load, never loaded': (library, file) => {
    unload(file);
    return replaceLoad(library);
  },
  mockery: library => {
    const mockery = require('mockery');
    mockery.enable({ useCleanCache: true, warnOnUnregistered: false, warnOnReplace: false });
    mockery.registerMock(library, stub);
    return () => {
      mockery.deregisterAll();
      mockery.disable();
    };
  },
  'mock-require': library => {
    const mock = require('mock-require');
    mock(library, stub);
    return () => mock.stop(library);
  },
  testdouble: library => {
    const td = require('testdouble');
    td.replace(library, stub);
    return () => td.reset();
  },
  'mock.module': library => {
    const { mock } = require('node:test');
    const mocked = mock.module(library, { defaultExport: stub });
    return () => mocked.restore();
  },
};

function replaceLoad(library) {
  const load = Module._load;
  Module._load = function (id, ...rest) {
    return id === library ? stub : load.call(this, id, ...rest);
  };
  return () => {
    Module._load = load;
  };
}

async function main() {
  const result = {};
  for (const library of process.argv.slice(2)) {
    const file = require.resolve(library);
    for (const [name, put] of Object.entries(WAYS)) {
      if (name === 'mock.module' && !process.execArgv.includes('--experimental-test-module-mocks')) continue;
      const takeAway = put(library, file);
      const seen = [nameOf(require(library)), nameOf(require(library))];
      takeAway();
      result[`${library}, ${name}`] = [...seen, nameOf(require(library))].join();
    }
    const imported = await import(pathToFileURL(file));
    result[`${library}, one module`] =
      imported.default === require(library) && require.cache[file].exports === require(library);
  }
  // The real one is hooked, however often it was loaded anew.
  if (process.argv.includes('undici')) result.sent = await sentByUndici();
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

/** The baggage of a call by the `Client` of an inner file, imported by its path, which is the one that everybody has. */
async function sentByUndici() {
  const rawServer = require('../http/raw-server.cjs');
  const { origin } = await rawServer();
  const undici = require('undici');
  const inner = path.join(path.dirname(require.resolve('undici/package.json')), 'lib/dispatcher/client.js');
  const { default: Client } = await import(pathToFileURL(inner));
  const client = new Client(origin);
  const { body } = await client.request({ path: '/', method: 'GET' });
  return [Client === undici.Client, await body.json()];
}
main();
