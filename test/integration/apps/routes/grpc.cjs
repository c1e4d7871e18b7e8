// Calls by name over gRPC. Prints what came of each scenario that is named.
const { createRequire } = require('node:module');
const { AsyncLocalStorage } = require('node:async_hooks');
const { readFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
require('./hosts.cjs');
const { runWithTag } = require('rocketmq-gray');
const { KINDS: SERVICE } = require('../grpc/json-service.cjs');

const grpc = createRequire(join(resolve(process.argv[2]), 'x'))('@grpc/grpc-js');
const scenarios = process.argv.slice(3);
const BASELINE = '127.0.0.1';
const CANARY = '127.0.0.2';
const key = readFileSync(join(__dirname, 'key.pem'));
const cert = readFileSync(join(__dirname, 'cert.pem'));
const flow = new AsyncLocalStorage();

/** How many calls each server was asked for, cancelled ones with them. */
const handled = { base: 0, gray: 0 };
function handlers(who) {
  const about = call => {
    handled[who]++;
    return [who, call.getHost?.(), ...call.metadata.get('baggage'), ...call.metadata.get('own')]
      .filter(Boolean)
      .join(' ');
  };
  return {
    unary(call, callback) {
      const text = about(call);
      if (call.request.hangs) return;
      if (call.request.fails) callback({ code: grpc.status.UNAVAILABLE, details: `${who} is out of order` });
      else callback(null, text);
    },
    clientStream(call, callback) {
      const text = about(call);
      let count = 0;
      call.on('data', () => count++);
      call.on('end', () => callback(null, `${text} ${count}`));
    },
    serverStream(call) {
      const text = about(call);
      for (let i = 0; i < 3; i++) call.write(`${text} ${i}`);
      call.end();
    },
    bidi(call) {
      const text = about(call);
      call.on('data', value => call.write(`${text} ${value}`));
      call.on('end', () => call.end());
    },
  };
}
async function listen(who, address, port, credentials = grpc.ServerCredentials.createInsecure()) {
  const server = new grpc.Server();
  server.addService(SERVICE, handlers(who));
  const bound = await new Promise((done, failed) => {
    server.bindAsync(`${address}:${port}`, credentials, (error, at) => (error ? failed(error) : done(at)));
  });
  const { emitWarning } = process;
  process.emitWarning = () => {};
  server.start();
  process.emitWarning = emitWarning;
  return { server, port: bound };
}

const plain = { 'grpc.service_config_disable_resolution': 1 };
const clientOf = (target, options = {}, credentials = grpc.credentials.createInsecure()) =>
  new grpc.Client(target, credentials, { ...plain, ...options });

const said = error => `${grpc.status[error.code] ?? error.code ?? error}`;
function unary(client, request = {}, { metadata = new grpc.Metadata(), ...options } = {}, onCall = () => {}) {
  const { path, requestSerialize, responseDeserialize } = SERVICE.unary;
  return new Promise(done => {
    const answer = (error, value) => done(error ? said(error) : value);
    onCall(client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, answer));
  });
}
function clientStream(client) {
  const { path, requestSerialize, responseDeserialize } = SERVICE.clientStream;
  return new Promise(done => {
    const answer = (error, value) => done(error ? said(error) : value);
    const call = client.makeClientStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      new grpc.Metadata(),
      {},
      answer,
    );
    for (let i = 0; i < 5; i++) call.write(i);
    call.end();
  });
}
function streamed(call) {
  return new Promise(done => {
    const values = [];
    call.on('data', value => values.push(value));
    call.on('error', error => done([...values, said(error)]));
    call.on('end', () => done(values));
  });
}
function serverStream(client) {
  const { path, requestSerialize, responseDeserialize } = SERVICE.serverStream;
  return streamed(
    client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {}, new grpc.Metadata(), {}),
  );
}
function bidi(client) {
  const { path, requestSerialize, responseDeserialize } = SERVICE.bidi;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new grpc.Metadata(), {});
  call.write('x');
  call.write('y');
  call.end();
  return streamed(call);
}
const within = (tag, run) => (tag === 'none' ? run() : runWithTag(tag, run));

const SCENARIOS = {
  /** Each kind of call, by each name, within each tag. */
  async kinds({ port }) {
    const result = {};
    for (const name of ['svc-b.shop.svc', 'svc-c.shop.svc', 'named.example']) {
      const client = clientOf(`${name}:${port}`);
      for (const tag of ['none', 'gray', 'blue', 'base']) {
        for (const [kind, call] of Object.entries({ unary, clientStream, serverStream, bidi })) {
          result[`${tag} ${name} ${kind}`] = await within(tag, () => call(client));
        }
      }
      client.close();
    }
    return result;
  },
  /** Side by side, before anything is known or connected. */
  async together({ port }) {
    const client = clientOf(`dns:///svc-b.shop.svc:${port}`);
    const tags = Array.from({ length: 60 }, (_, at) => ['none', 'gray', 'base'][at % 3]);
    const answers = await Promise.all(
      tags.map((tag, at) => within(tag, () => flow.run(at, async () => [await unary(client), flow.getStore() === at]))),
    );
    const sides = { none: [], gray: [], base: [] };
    for (const [at, [answer, keepsFlow]] of answers.entries())
      sides[tags[at]].push(`${answer.split(' ')[0]} ${keepsFlow}`);
    return Object.fromEntries(Object.entries(sides).map(([tag, seen]) => [tag, [...new Set(seen)]]));
  },
  /** Nobody listens at the target. */
  async refused({ port }) {
    const client = clientOf(`svc-d.shop.svc:${port}`);
    const ready = new grpc.Metadata({ waitForReady: true });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await within('gray', () => unary(client)));
    answers.push(await within('gray', () => unary(client, {}, { metadata: ready })));
    answers.push(...(await within('gray', () => bidi(client))));
    return answers;
  },
  /** A target that goes and comes back, and is left alone for five seconds in between. */
  async returns({ port, gray }) {
    const client = clientOf(`svc-b.shop.svc:${port}`);
    const call = () => within('gray', () => unary(client)).then(answer => answer.split(' ')[0]);
    const answers = [await call()];
    gray.server.forceShutdown();
    await new Promise(done => setTimeout(done, 100));
    answers.push(await call(), await call());
    const again = await listen('gray', CANARY, port);
    answers.push(await call());
    await new Promise(done => setTimeout(done, 5_500));
    answers.push(await call());
    again.server.forceShutdown();
    return answers;
  },
  /** A call that the target answers with an error is not made again. */
  async fails({ port }) {
    const client = clientOf(`svc-b.shop.svc:${port}`);
    const before = { ...handled };
    const answer = await within('gray', () => unary(client, { fails: true }));
    return [answer, handled.base - before.base, handled.gray - before.gray];
  },
  /** Cancelled at once, before the name is known; and while it is handled. */
  async cancelled({ port }) {
    const client = clientOf(`svc-b.shop.svc:${port}`);
    const before = { ...handled };
    const early = await within('gray', () => unary(client, {}, {}, call => call.cancel()));
    const count = [handled.base - before.base, handled.gray - before.gray];
    const late = await within('gray', () =>
      unary(client, { hangs: true }, {}, call => setTimeout(() => call.cancel(), 200)),
    );
    return [early, ...count, late];
  },
  /** Over before the name is looked up, by a timer of the library that a call may still be sent before; and while it is handled. */
  async deadlines({ port }) {
    const client = clientOf(`svc-b.shop.svc:${port}`);
    const early = await within('gray', () => unary(client, {}, { deadline: Date.now() - 1 }));
    const late = await within('gray', () => unary(client, { hangs: true }, { deadline: Date.now() + 300 }));
    return [early, late];
  },
  /** What interceptors and credentials write is sent; answers come to the flow that asked. */
  async interceptors({ port }) {
    const client = clientOf(`svc-b.shop.svc:${port}`);
    const interceptor = (options, next) =>
      new grpc.InterceptingCall(next(options), {
        start(metadata, listener, go) {
          setTimeout(() => {
            metadata.set('own', 'intercepted');
            go(metadata, listener);
          }, 5);
        },
      });
    return within('gray', () => unary(client, {}, { interceptors: [interceptor] }));
  },
  /** The server has to prove the name that was called, and call credentials go with the call. */
  async tls({ tlsPort }) {
    const name = 'svc-b.shop.svc';
    const channel = grpc.credentials.createSsl(cert);
    const own = grpc.credentials.createFromMetadataGenerator((_context, done) => {
      const metadata = new grpc.Metadata();
      metadata.set('own', 'credentials');
      done(null, metadata);
    });
    const client = clientOf(`${name}:${tlsPort}`, {}, grpc.credentials.combineChannelCredentials(channel, own));
    const answers = [];
    for (const tag of ['none', 'gray']) answers.push(await within(tag, () => unary(client)));
    const perCall = clientOf(`${name}:${tlsPort}`, {}, channel);
    answers.push(await within('gray', () => unary(perCall, {}, { credentials: own })));
    // Of a name that the certificate does not have.
    const stranger = clientOf(`strange.shop.svc:${tlsPort}`, {}, channel);
    answers.push(await within('gray', () => unary(stranger)));
    return answers;
  },
  /** What belongs to a channel ends with it. */
  async closed({ port }) {
    const client = clientOf(`svc-b.shop.svc:${port}`);
    await within('gray', () => unary(client));
    const hanging = within('gray', () =>
      unary(client, { hangs: true }, {}, call => setTimeout(() => call.cancel(), 300)),
    );
    await new Promise(done => setTimeout(done, 100));
    client.close();
    const after = await within('gray', async () => unary(client)).catch(error => error.message);
    // One that waits for a name ends with its channel.
    const slow = clientOf(`svc-s.shop.svc:${port}`);
    const waiting = within('gray', () => unary(slow));
    await new Promise(done => setTimeout(done, 50));
    slow.close();
    return [await hanging, after, await waiting];
  },
  /** The canary by its own name; and other kinds of targets. */
  async others({ port }) {
    const answers = [];
    for (const target of [`svc-b-gray.shop.svc:${port}`, `ipv4:${BASELINE}:${port}`, `${BASELINE}:${port}`]) {
      answers.push(await within('gray', () => unary(clientOf(target))));
    }
    answers.push(await within('none', () => unary(clientOf(`svc-b-gray.shop.svc:${port}`))));
    return answers;
  },
  /** The name that servers see. */
  async authority({ port }) {
    const answers = [];
    for (const options of [{}, { 'grpc.default_authority': 'virtual.example' }]) {
      answers.push(await within('gray', () => unary(clientOf(`svc-b.shop.svc:${port}`, options))));
      answers.push(
        await within('gray', () => unary(clientOf(`svc-b.shop.svc:${port}`, options), {}, { host: 'own.example' })),
      );
    }
    return answers;
  },
};

async function main() {
  const base = await listen('base', BASELINE, 0);
  const gray = await listen('gray', CANARY, base.port);
  const secure = grpc.ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: cert }]);
  const tls = await listen('base', BASELINE, 0, secure);
  await listen('gray', CANARY, tls.port, secure);
  const result = {};
  for (const name of scenarios) result[name] = await SCENARIOS[name]({ port: base.port, tlsPort: tls.port, gray });
  process.stdout.write(`${JSON.stringify({ result, port: base.port })}\n`, () => process.exit(0));
}
main().catch(error => {
  console.error(error);
  process.exit(1);
});
