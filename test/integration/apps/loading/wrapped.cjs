// What can be seen of the functions that the agent replaces. Prints it as JSON.
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const Module = require('node:module');
const EventEmitter = require('node:events');
const { once } = EventEmitter;

/** The descriptor as one sees it from outside: an own property, or the one inherited from. */
function seen(object, name) {
  let owner = object;
  while (!Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner);
  const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(owner, name);
  const method = object[name];
  return {
    flags: { ...flags, accessor: get !== undefined || set !== undefined },
    name: method.name,
    length: method.length,
    keys: Reflect.ownKeys(method)
      .map(String)
      .filter(key => !key.includes('rocketmq-gray'))
      .sort(),
    kind: Object.prototype.toString.call(method),
    isConstructor: Object.hasOwn(method, 'prototype'),
    prototype: Object.getPrototypeOf(method) === Function.prototype,
    isSame: method === object[name],
  };
}
const enumerable = object => {
  const names = [];
  for (const name in object) names.push(name);
  return names.sort();
};

/** The own properties of requests and responses at both ends, as people print them; and how many lines a stack has. */
async function ofRequests() {
  const found = [];
  const keep = object => void found.push(Reflect.ownKeys(object).map(String).sort());
  const server = http.createServer((req, res) => {
    keep(req);
    keep(res);
    res.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // An untagged one to a process that knows a tag.
  for (const headers of [{ baggage: 'gray_tag=blue' }, {}]) {
    const request = http.get({ host: '127.0.0.1', port: server.address().port, headers, agent: false });
    const [response] = await once(request, 'response');
    keep(request);
    keep(response.resume());
  }
  server.close();
  return found;
}

async function main() {
  const { Client } = require('undici');
  const DispatcherBase = Object.getPrototypeOf(Client);
  const server = https.createServer();
  const server2 = http2.createServer().listen(0, '127.0.0.1');
  await once(server2, 'listening');
  const session2 = http2.connect(`http://127.0.0.1:${server2.address().port}`);
  const [serverSession2] = await once(server2, 'session');
  const result = {
    'http.Server emit': seen(http.Server.prototype, 'emit'),
    'https.Server emit': seen(https.Server.prototype, 'emit'),
    _storeHeader: seen(http.ClientRequest.prototype, '_storeHeader'),
    onSocket: seen(http.ClientRequest.prototype, 'onSocket'),
    addRequest: seen(http.Agent.prototype, 'addRequest'),
    'net.Socket connect': seen(net.Socket.prototype, 'connect'),
    'http2 request': seen(session2, 'request'),
    'http2 session emit': seen(serverSession2, 'emit'),
    'http2 secure server emit': seen(http2.createSecureServer(), 'emit'),
    getHeader: seen(http.ClientRequest.prototype, 'getHeader'),
    'EventEmitter on': seen(EventEmitter, 'on'),
    'EventEmitter once': seen(EventEmitter, 'once'),
    'EventEmitter init': seen(EventEmitter, 'init'),
    'Module load': seen(Module.prototype, 'load'),
    'Module require': seen(Module.prototype, 'require'),
    getBuiltinModule: process.getBuiltinModule && seen(process, 'getBuiltinModule'),
    'what requests have': await ofRequests(),
    fetch: seen(globalThis, 'fetch'),
    dispatch: seen(DispatcherBase.prototype, 'dispatch'),
    'for in': [
      http.Server.prototype,
      server,
      new http.Agent(),
      globalThis,
      session2,
      serverSession2,
      new net.Socket(),
    ].map(enumerable),
    // An error of the original comes in the way it came: a rejection, not an exception.
    rejects: await fetch().catch(error => error.constructor.name),
  };
  console.log(JSON.stringify(result));
  session2.close();
  server2.close();
}
main();
