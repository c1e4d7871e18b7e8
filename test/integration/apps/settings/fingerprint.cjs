// What an agent could have changed in a process, as text. Prints it as JSON.
const http = require('node:http');
const Module = require('node:module');

const owners = {
  'http.Server': http.Server.prototype,
  'http.ClientRequest': http.ClientRequest.prototype,
  'http.Agent': http.Agent.prototype,
  Module,
  'Module.prototype': Module.prototype,
  globalThis,
};
const members = {};
for (const [owner, object] of Object.entries(owners)) {
  for (const key of Reflect.ownKeys(object)) {
    const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(object, key);
    // The source text of a function tells a wrapped one from the original.
    const text = typeof value === 'function' ? `${value.name}/${value.length} ${String(value)}` : typeof value;
    members[`${owner} ${String(key)}`] = [text, typeof get, typeof set, flags];
  }
}
console.log(
  JSON.stringify({
    members,
    builtins: process.moduleLoadList.filter(name => /https|tls|undici|async_hooks|diagnostics_channel/.test(name)),
    packages: Object.keys(require.cache).filter(file => /in-the-middle|@opentelemetry/.test(file)),
  }),
);
