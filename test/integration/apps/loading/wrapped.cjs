// What can be seen of the functions that the agent replaces. Prints it as JSON.
const http = require('node:http');
const https = require('node:https');

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

async function main() {
  const { Client } = require('undici');
  const DispatcherBase = Object.getPrototypeOf(Client);
  const server = https.createServer();
  const result = {
    'http.Server emit': seen(http.Server.prototype, 'emit'),
    'https.Server emit': seen(https.Server.prototype, 'emit'),
    _storeHeader: seen(http.ClientRequest.prototype, '_storeHeader'),
    onSocket: seen(http.ClientRequest.prototype, 'onSocket'),
    addRequest: seen(http.Agent.prototype, 'addRequest'),
    fetch: seen(globalThis, 'fetch'),
    dispatch: seen(DispatcherBase.prototype, 'dispatch'),
    'for in': [http.Server.prototype, server, new http.Agent(), globalThis].map(enumerable),
    // An error of the original comes in the way it came: a rejection, not an exception.
    rejects: await fetch().catch(error => error.constructor.name),
  };
  console.log(JSON.stringify(result));
}
main();
