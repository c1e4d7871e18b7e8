// A service that calls another one over HTTP/2, in every way, for many requests at once; the other one calls a third.
// Resolves to what was seen, by request: the active tag in each place, and the headers that came over each wire.
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { activeTag } = require('rocketmq-gray');
const front = require('../http/front.cjs');
const { noteIn, tagHeaders } = require('../http/seen.cjs');

const sleep = () => new Promise(done => setTimeout(done, Math.random() * 4));
const read = async stream => {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
};
const deferred = () => {
  let resolve;
  const promise = new Promise(done => {
    resolve = done;
  });
  return { promise, resolve };
};
const listen = async server => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
};

/** `undicis`: directories that have one in their node_modules. */
module.exports = async function calls({ http2, count, undicis }) {
  const sessions = {};
  // Made by whoever comes first, shared by all.
  const session = origin => {
    sessions[origin] ??= http2.connect(origin);
    return sessions[origin];
  };
  const third = http2.createServer((request, response) => response.end(JSON.stringify(tagHeaders(request.rawHeaders))));
  const thirdOrigin = `http://127.0.0.1:${await listen(third)}`;
  const echo = async () => JSON.parse(await read(session(thirdOrigin).request({ ':path': '/' })));

  /** What the other service saw, by the id of the request; its last events come after the answer. */
  const served = new Map();
  const begin = rawHeaders => {
    const { places, note } = noteIn(activeTag);
    const id = rawHeaders[rawHeaders.indexOf('x-id') + 1];
    const { promise: closed, resolve: close } = deferred();
    served.set(id, { places, closed });
    return { note, close };
  };
  /** The other service, by the events of a stream. */
  const onStream = (stream, _headers, _flags, rawHeaders) => {
    const { note, close } = begin(rawHeaders);
    note('stream');
    stream.on('data', () => note('stream data'));
    for (const event of ['finish', 'close']) stream.on(event, () => note(`stream ${event}`));
    stream.on('close', close);
    stream.on('end', async () => {
      note('stream end');
      await sleep();
      note('stream after await');
      const onward = await echo();
      stream.respond({ ':status': 200 });
      stream.write(' '.repeat(100_000));
      stream.end(JSON.stringify({ version: '2.0', wire: tagHeaders(rawHeaders), onward }));
    });
  };
  /** The other service, by the compatibility API and by HTTP/1. */
  const onRequest = (request, response) => {
    const { httpVersion: version, rawHeaders } = request;
    const { note, close } = begin(rawHeaders);
    note('request');
    request.on('data', () => note('request data'));
    for (const event of ['finish', 'close']) response.on(event, () => note(`response ${event}`));
    response.on('close', close);
    request.on('close', () => note('request close'));
    request.on('end', async () => {
      note('request end');
      await sleep();
      note('request after await');
      const onward = await echo();
      response.write(' '.repeat(100_000));
      response.end(JSON.stringify({ version, wire: tagHeaders(rawHeaders), onward }));
    });
  };

  const streams = http2.createServer();
  streams.on('stream', onStream);
  const bySession = http2.createServer();
  bySession.on('session', opened => opened.on('stream', onStream));
  const key = readFileSync(join(__dirname, 'key.pem'));
  const cert = readFileSync(join(__dirname, 'cert.pem'));
  const secure = http2.createSecureServer({ key, cert, allowHTTP1: true }, onRequest);
  const compat = http2.createServer(onRequest);
  const origins = {
    stream: `http://127.0.0.1:${await listen(streams)}`,
    session: `http://127.0.0.1:${await listen(bySession)}`,
    compat: `http://127.0.0.1:${await listen(compat)}`,
    secure: `https://127.0.0.1:${await listen(secure)}`,
  };

  const own = Object.freeze({
    ':method': 'POST',
    ':path': '/',
    baggage: 'own=1',
    authorization: 'secret',
    [http2.sensitiveHeaders]: ['authorization'],
  });
  const kinds = {};
  const overHttp2 = (to, headersOf) => async (id, note) => {
    const stream = session(origins[to]).request(headersOf(id));
    const events = ['response', 'data', 'end', 'close'];
    for (const event of events) stream.on(event, () => note(`client ${event}`));
    stream.write('x'.repeat(100_000));
    await sleep();
    stream.end('end');
    const text = await read(stream);
    const { sentHeaders } = stream;
    return { text, sensitive: (sentHeaders[http2.sensitiveHeaders] ?? []).length };
  };
  const withId = id => Object.assign({ 'x-id': id }, own);
  for (const to of Object.keys(origins)) kinds[to] = overHttp2(to, withId);
  kinds.bare = overHttp2('stream', id => Object.assign(Object.create(null), { ':method': 'POST', 'x-id': id }));
  kinds.array = overHttp2('stream', id => [':method', 'POST', ':path', '/', 'x-id', id, 'baggage', 'own=1']);
  const headers = { baggage: 'own=1' };
  kinds.http1 = async id => {
    const https = require('node:https');
    const request = https.request(origins.secure, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'x-id': id },
    });
    request.end('x'.repeat(10));
    const [response] = await once(request, 'response');
    return { text: await read(response) };
  };
  const fetchOptions = id => ({ method: 'POST', body: 'x', headers: { ...headers, 'x-id': id } });
  kinds.fetch = async id => ({ text: await (await fetch(origins.secure, fetchOptions(id))).text() });
  for (const directory of undicis) {
    const { Agent, request } = createRequire(join(__dirname, '..', directory, 'x'))('undici');
    const dispatcher = new Agent({ allowH2: true, connections: 1 });
    kinds[directory] = async id => {
      const { body } = await request(origins.secure, { ...fetchOptions(id), dispatcher });
      return { text: await body.text() };
    };
  }

  const names = Object.keys(kinds);
  return await front(count, async index => {
    const kind = names[index % names.length];
    const { places, note } = noteIn(activeTag);
    const id = String(index);
    try {
      const { text, ...rest } = await kinds[kind](id, note);
      note('after the call');
      const { places: servedPlaces, closed } = served.get(id);
      await closed;
      const answer = { ...rest, ...JSON.parse(text), places: servedPlaces };
      return { kind, own: kind === 'bare' ? '' : 'own=1', places, result: answer };
    } catch (error) {
      return { kind, error: error.code ?? String(error.stack) };
    }
  });
};
