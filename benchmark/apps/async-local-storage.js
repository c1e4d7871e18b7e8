// The least that any agent which follows requests and messages has to do: each is handled within a store of its own. What
// that costs is Node.js's own cost of following asynchronous work.
const { AsyncLocalStorage } = require('node:async_hooks');
const http = require('node:http');

const storage = new AsyncLocalStorage();
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (event, ...args) {
  if (event !== 'request') return emit.call(this, event, ...args);
  return storage.run({}, () => emit.call(this, event, ...args));
};

// For consume.js: what handles messages is its own.
globalThis.benchmarkFollow = handle => storage.run({}, handle);
