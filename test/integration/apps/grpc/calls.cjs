// A service that calls another one over gRPC, in every kind of call, for many requests at once; the other one calls a
// third. Prints, by request: the active tag in each place, and the baggage that came over each wire.
const { once } = require('node:events');
const http2 = require('node:http2');
const { createRequire } = require('node:module');
const { join, resolve } = require('node:path');
const { activeTag } = require('rocketmq-gray');
const front = require('../http/front.cjs');
const { noteIn, tagHeaders } = require('../http/seen.cjs');
const json = require('./json-service.cjs');

const grpc = createRequire(join(resolve(process.argv[2]), 'x'))('@grpc/grpc-js');
const COUNT = Number(process.argv[3] ?? 200);

const sleep = () => new Promise(done => setTimeout(done, Math.random() * 4));
const SERVICE = {
  ...json.KINDS,
  flaky: json.method('flaky', false, false),
  echo: json.method('echo', false, false),
};
const KINDS = ['unary', 'clientStream', 'serverStream', 'bidi', 'flaky', 'cancelled', 'throughInterceptors'];

const attempts = new Map();
let client;
let third;
const echo = () =>
  new Promise((done, failed) => {
    const { path, requestSerialize, responseDeserialize } = SERVICE.echo;
    const answer = (error, value) => (error ? failed(error) : done(value));
    third.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, own, answer);
  });

/** Calls that are to be cancelled, by id. */
const hanging = new Map();
/** grpc-js splits a header's value at its commas. */
const wireOf = call =>
  tagHeaders(Object.keys(call.metadata.getMap()).flatMap(name => [name, call.metadata.get(name).join(',')]));

const handlers = {
  unary(call, callback) {
    const { places, note } = noteIn(activeTag);
    note('unary handler');
    call.on('cancelled', () => {
      note('unary cancelled');
      hanging.get(call.request.id)?.cancelled({ places });
    });
    if (call.request.hangs) {
      hanging.get(call.request.id).arrived();
      return;
    }
    sleep().then(async () => {
      note('unary after await');
      callback(null, { places, wire: wireOf(call), onward: await echo() });
    });
  },
  flaky(call, callback) {
    const wires = [...(attempts.get(call.request.id) ?? []), wireOf(call)];
    attempts.set(call.request.id, wires);
    if (wires.length === 1) callback({ code: grpc.status.UNAVAILABLE, details: 'not yet' });
    else callback(null, { wires });
  },
  clientStream(call, callback) {
    const { places, note } = noteIn(activeTag);
    note('client stream handler');
    call.on('data', () => note('client stream data'));
    call.on('end', async () => {
      note('client stream end');
      await sleep();
      note('client stream after await');
      callback(null, { places, wire: wireOf(call), onward: await echo() });
    });
  },
  async serverStream(call) {
    const { places, note } = noteIn(activeTag);
    note('server stream handler');
    call.write({ filler: 'x'.repeat(100_000) }, () => note('server stream written'));
    await sleep();
    note('server stream after await');
    const onward = await echo();
    call.write({ places, wire: wireOf(call), onward });
    call.end();
  },
  bidi(call) {
    const { places, note } = noteIn(activeTag);
    note('bidi handler');
    const onward = [];
    call.on('data', () => {
      note('bidi data');
      onward.push(echo());
      call.write({});
    });
    call.on('end', async () => {
      note('bidi end');
      call.write({ places, wire: wireOf(call), onward: (await Promise.all(onward))[0] });
      call.end();
    });
  },
};

/** Metadata of the application, which it goes on using. */
const own = new grpc.Metadata();
own.set('baggage', 'own=1');
own.set('other', 'value');

const STALE = 'interceptor=1,gray_tag=stale';
const interceptor = (options, nextCall) =>
  new grpc.InterceptingCall(nextCall(options), {
    start(metadata, listener, next) {
      // Started later, from wherever.
      setTimeout(() => {
        metadata.set('baggage', STALE);
        next(metadata, listener);
      }, 1);
    },
  });

async function use(kind, index) {
  const { places, note } = noteIn(activeTag);
  const definition = SERVICE[kind] ?? SERVICE.unary;
  const metadata = index % 4 < 2 && kind !== 'throughInterceptors' ? own : new grpc.Metadata();
  const before = JSON.stringify(metadata.getMap());
  const options = { deadline: Date.now() + 20_000 };
  if (kind === 'throughInterceptors') options.interceptors = [interceptor];
  const { path, requestSerialize, responseDeserialize, requestStream, responseStream } = definition;
  const kindOf = `${requestStream ? 'client' : ''}${responseStream ? 'server' : ''}`;
  const parts = [path, requestSerialize, responseDeserialize];
  const result = await new Promise((done, failed) => {
    const answer = (error, value) => {
      note(`${kindOf} callback`);
      if (kind === 'cancelled') return;
      if (error) failed(error);
      else done(value);
    };
    const request = { id: index, hangs: kind === 'cancelled' };
    let call;
    if (kindOf === '') call = client.makeUnaryRequest(...parts, request, metadata, options, answer);
    else if (kindOf === 'client') call = client.makeClientStreamRequest(...parts, metadata, options, answer);
    else if (kindOf === 'server') call = client.makeServerStreamRequest(...parts, request, metadata, options);
    else call = client.makeBidiStreamRequest(...parts, metadata, options);
    for (const event of ['metadata', 'status', 'drain', 'finish']) call.on(event, () => note(`${kindOf} ${event}`));
    if (kind === 'cancelled') {
      hanging.set(index, { arrived: () => call.cancel(), cancelled: done });
    }
    if (responseStream) {
      let last;
      call.on('data', value => {
        note(`${kindOf} data`);
        last = value;
      });
      call.on('end', () => {
        note(`${kindOf} end`);
        done(last);
      });
      call.on('error', failed);
    }
    if (requestStream) {
      call.write({ filler: 'x'.repeat(100_000) }, () => note(`${kindOf} written`));
      sleep().then(() => {
        call.write({});
        call.end();
      });
    }
  });
  note('after the call');
  const carries = kind === 'throughInterceptors' ? STALE : before === '{}' ? '' : 'own=1';
  return { kind, own: carries, places, result: { ...result, ownOnward: 'own=1' } };
}

/** A gRPC server of node:http2's own: answers with the headers that carry tags, as they came. */
async function rawServer() {
  const server = http2.createServer();
  server.on('stream', (stream, _headers, _flags, rawHeaders) => {
    const body = json.serialize(tagHeaders(rawHeaders));
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(body.length, 1);
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.end(Buffer.concat([prefix, body]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

async function main() {
  third = new grpc.Client(`127.0.0.1:${await rawServer()}`, grpc.credentials.createInsecure());
  const server = new grpc.Server();
  server.addService(SERVICE, handlers);
  const port = await new Promise((done, failed) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? failed(error) : done(bound)));
  });
  // Before 1.10 a server starts when it is told to; since then the call does nothing but say so.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  server.start();
  process.emitWarning = emitWarning;
  const retryPolicy = {
    maxAttempts: 3,
    initialBackoff: '0.001s',
    maxBackoff: '0.002s',
    backoffMultiplier: 1,
    retryableStatusCodes: ['UNAVAILABLE'],
  };
  const config = { methodConfig: [{ name: [{ service: 'test.Service', method: 'flaky' }], retryPolicy }] };
  client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(config),
  });
  // Retries came with 1.8.
  const kinds = process.argv[4] === 'without-retries' ? KINDS.filter(kind => kind !== 'flaky') : KINDS;
  const results = await front(COUNT, index => use(kinds[index % kinds.length], index));
  process.stdout.write(`${JSON.stringify({ own: own.getMap(), results })}\n`, () => process.exit(0));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
