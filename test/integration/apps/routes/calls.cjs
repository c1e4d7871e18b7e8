// Calls by name, by each client that is named, within each tag. Prints who answered each of them, and what was looked up.
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { createRequire } = require('node:module');
const { join, resolve } = require('node:path');
const { runWithTag } = require('rocketmq-gray');
const { asked } = require('./hosts.cjs');

const { clients, tags, names, repeat = 1 } = JSON.parse(process.argv[2]);
const BASELINE = '127.0.0.1';
const CANARY = '127.0.0.2';
const tls = { key: readFileSync(join(__dirname, 'key.pem')), cert: readFileSync(join(__dirname, 'cert.pem')) };

const answer = (req, res) => {
  const { localAddress, servername = '' } = req.socket;
  const who = localAddress === CANARY ? 'gray' : 'base';
  const body = [];
  req.on('data', chunk => body.push(chunk));
  req.on('end', () =>
    res.end(
      [who, req.headers.host?.split(':')[0], req.headers.baggage ?? 'none', servername, Buffer.concat(body).toString()]
        .filter(Boolean)
        .join(' '),
    ),
  );
};
/** One port at both addresses. */
async function listen(make) {
  const first = make().listen(0, BASELINE);
  await once(first, 'listening');
  const { port } = first.address();
  await once(make().listen(port, CANARY), 'listening');
  return port;
}
async function read(response) {
  return Buffer.concat(await response.toArray()).toString();
}
async function send(request) {
  request.end('body');
  const [response] = await once(request, 'response');
  return read(response);
}

const keepAlive = new http.Agent({ keepAlive: true });
const dispatchers = new Map();
const perOrigin = (key, make) => {
  if (!dispatchers.has(key)) dispatchers.set(key, make());
  return dispatchers.get(key);
};
function undici(directory) {
  return createRequire(join(resolve(directory), 'x'))('undici');
}
const CLIENTS = {
  http: (host, ports) => send(http.request({ host, port: ports.http, method: 'POST' })),
  agent: (host, ports) => send(http.request(`http://${host}:${ports.http}/`, { agent: keepAlive, method: 'POST' })),
  https: (host, ports) => send(https.request({ host, port: ports.https, method: 'POST', ca: tls.cert })),
  fetch: async (host, ports) => (await fetch(`http://${host}:${ports.http}/`, { method: 'POST', body: 'body' })).text(),
};
for (const major of [5, 6, 7, 8]) {
  const directory = `v${major}`;
  CLIENTS[`undici ${major}`] = async (host, ports) => {
    const { body } = await undici(directory).request(`http://${host}:${ports.http}/`, { method: 'POST', body: 'body' });
    return body.text();
  };
  CLIENTS[`undici pool ${major}`] = async (host, ports) => {
    const pool = perOrigin(`${major} ${host}`, () => new (undici(directory).Pool)(`http://${host}:${ports.http}`));
    const { body } = await pool.request({ path: '/', method: 'POST', body: 'body' });
    return body.text();
  };
  CLIENTS[`undici https ${major}`] = async (host, ports) => {
    const { Agent, request } = undici(directory);
    const dispatcher = perOrigin(`tls ${major}`, () => new Agent({ connect: { ca: tls.cert } }));
    const { body } = await request(`https://${host}:${ports.https}/`, { method: 'POST', body: 'body', dispatcher });
    return body.text();
  };
}

async function main() {
  const ports = {
    http: await listen(() => http.createServer(answer)),
    https: await listen(() => https.createServer(tls, answer)),
  };
  const result = {};
  for (const client of clients) {
    for (const tag of tags) {
      for (const name of names) {
        const call = () => CLIENTS[client](name, ports);
        const answers = [];
        for (let i = 0; i < repeat; i++) {
          const within = () => (tag === 'none' ? call() : runWithTag(tag, call));
          answers.push(await within().catch(error => error.cause?.code ?? error.code ?? String(error)));
        }
        result[client] ??= {};
        result[client][`${tag} ${name}`] = repeat === 1 ? answers[0] : answers;
      }
    }
  }
  process.stdout.write(`${JSON.stringify({ result, asked })}\n`, () => process.exit(0));
}
main();
