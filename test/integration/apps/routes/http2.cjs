// Calls by name over node:http2. Prints what came of each scenario that is named.
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const http2 = require('node:http2');
const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
require('./hosts.cjs');
const { activeTag, runWithTag } = require('rocketmq-gray');

const scenarios = process.argv.slice(2);
const BASELINE = '127.0.0.1';
const CANARY = '127.0.0.2';
const key = readFileSync(join(__dirname, 'key.pem'));
const cert = readFileSync(join(__dirname, 'cert.pem'));

function answer(stream, headers) {
  const { localAddress, servername } = stream.session.socket;
  const who = localAddress === CANARY ? 'gray' : 'base';
  const chunks = [];
  if (headers[':path'] === '/hangs') return;
  stream.on('error', () => {});
  stream.on('data', chunk => chunks.push(chunk));
  stream.on('end', () => {
    stream.respond({ ':status': 200 });
    const said = [who, headers[':authority'], headers.baggage, servername, Buffer.concat(chunks).toString()];
    stream.end(said.filter(Boolean).join(' '));
  });
}
const sessions = new Set();
const servers = new Set();
async function listen(address, port, secure) {
  const server = secure ? http2.createSecureServer({ key, cert }) : http2.createServer();
  server.on('session', session => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', answer);
  servers.add(server);
  server.listen(port, address);
  await once(server, 'listening');
  const close = async () => {
    for (const session of sessions) if (session.socket?.localAddress === address) session.destroy();
    server.close();
    await sleep(50);
  };
  return { port: server.address().port, close };
}

async function ask(session, headers = {}, body = 'body') {
  const stream = session.request({ ':method': 'POST', ':path': '/', ...headers });
  stream.end(body);
  const chunks = [];
  const seen = [];
  stream.on('response', () => seen.push(activeTag()));
  for await (const chunk of stream) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (seen.length === 0) return 'no answer';
  return seen[0] === activeTag() ? text : `${text} in another flow`;
}
const asking = (...args) => ask(...args).catch(error => error.code ?? String(error));
const within = (tag, run) => (tag === 'none' ? run() : runWithTag(tag, run));
function open(name, port, options) {
  const session = http2.connect(`${options === undefined ? 'http' : 'https'}://${name}:${port}`, options);
  session.on('error', () => {});
  return session;
}

const SCENARIOS = {
  /** The first stream of each tag, side by side, before anything is known or connected. */
  async first({ port, tlsPort }) {
    const result = {};
    for (const name of ['svc-b.shop.svc', 'svc-c.shop.svc', 'svc-d.shop.svc', 'named.example']) {
      for (const [scheme, session] of [
        ['http', open(name, port)],
        ['https', open(name, tlsPort, { ca: cert })],
      ]) {
        const tags = ['none', 'gray', 'blue', 'base'];
        const call = tag => within(tag, () => asking(session));
        const answers = await Promise.all(tags.map(call));
        for (const [at, tag] of tags.entries()) result[`${tag} ${scheme} ${name}`] = [answers[at], await call(tag)];
        session.close();
        await once(session, 'close');
      }
    }
    // What belongs to a session ends with it.
    await sleep(300);
    return { ...result, sessions: sessions.size };
  },
  /** A target that goes and comes back, and is left alone for five seconds in between. */
  async returns({ port, gray }) {
    const session = open('svc-b.shop.svc', port);
    const call = async () => (await within('gray', () => asking(session))).split(' ')[0];
    const answers = [await call()];
    await gray.close();
    answers.push(await call(), await call());
    const again = await listen(CANARY, port);
    answers.push(await call());
    await sleep(5_500);
    answers.push(await call(), await call());
    session.close();
    await again.close();
    return answers;
  },
  /** A target at another port. */
  async port({ port }) {
    const session = open('ported.example', port);
    const answers = [];
    for (const tag of ['none', 'gray']) answers.push(await within(tag, () => asking(session)));
    session.close();
    return answers;
  },
  /** A session that does not keep the process alive. */
  async unref({ port }) {
    const session = open('svc-b.shop.svc', port);
    await once(session, 'connect');
    const answers = [await within('gray', () => asking(session))];
    session.unref();
    answers.push(await within('gray', () => asking(session)));
    return answers;
  },
  /** The name that servers see; a session that is destroyed; one of the application's own connection. */
  async others({ port }) {
    const session = open('svc-b.shop.svc', port);
    const answers = [await within('gray', () => asking(session, { ':authority': 'own.example' }))];
    const hanging = within('gray', () => asking(session, { ':path': '/hangs' }));
    await sleep(100);
    session.destroy();
    answers.push(await hanging, await within('gray', () => asking(session)));
    const { connect } = require('node:net');
    const own = http2.connect(`http://svc-b.shop.svc:${port}`, { createConnection: () => connect(port, BASELINE) });
    answers.push(await within('gray', () => asking(own)));
    own.close();
    const canary = open('svc-b-gray.shop.svc', port);
    answers.push(await within('none', () => asking(canary)), await within('gray', () => asking(canary)));
    canary.close();
    return answers;
  },
};

async function main() {
  const base = await listen(BASELINE, 0);
  const gray = await listen(CANARY, base.port);
  const secure = await listen(BASELINE, 0, true);
  await listen(CANARY, secure.port, true);
  if (process.env.OTHER_PORT !== undefined) await listen(CANARY, Number(process.env.OTHER_PORT));
  const { port } = base;
  const result = {};
  for (const name of scenarios) result[name] = await SCENARIOS[name]({ port, tlsPort: secure.port, gray });
  console.log(JSON.stringify({ result, port, tlsPort: secure.port }));
  // What is left open has to keep nothing alive.
  for (const server of servers) server.unref();
  for (const session of sessions) session.unref();
}
main().catch(error => {
  console.error(error);
  process.exit(1);
});
