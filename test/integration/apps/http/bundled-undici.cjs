// The first use that a process makes of the copy of undici in Node.js, in the way that the argument names: tagged `gray`. Then
// an untagged `fetch`. Prints the baggage of each request, or null where this Node.js has no such way.
const { once } = require('node:events');
const http = require('node:http');

const places = [2, 1].map(n => Symbol.for(`undici.globalDispatcher.${n}`));
const shared = () => places.map(place => globalThis[place]).find(dispatcher => dispatcher !== undefined);
const gray = fn => require('rocketmq-gray').runWithTag('gray', fn);
/** The server answers none of them as it would have to. */
const failed = target => new Promise(resolve => target.addEventListener('error', resolve));
const dispatched = (dispatcher, origin) =>
  new Promise((resolve, reject) => {
    const ended = { onComplete: resolve, onError: reject, onResponseEnd: resolve, onResponseError: reject };
    const ignored = {
      onConnect() {},
      onHeaders() {},
      onData() {},
      onRequestStart() {},
      onResponseStart() {},
      onResponseData() {},
    };
    dispatcher.dispatch({ origin, path: '/', method: 'GET' }, { ...ignored, ...ended });
  });

/** Each is asked for nothing before its turn: a look at `WebSocket` loads undici. False: there is no such thing. */
const WAYS = {
  fetch: origin => gray(() => fetch(origin)),
  WebSocket: origin =>
    typeof WebSocket === 'function' && failed(gray(() => new WebSocket(origin.replace('http', 'ws')))),
  'http.WebSocket': origin =>
    http.WebSocket !== undefined && failed(gray(() => new http.WebSocket(origin.replace('http', 'ws')))),
  EventSource: async origin => {
    if (typeof EventSource !== 'function') return false;
    const source = gray(() => new EventSource(origin));
    await failed(source);
    source.close();
  },
  'the dispatcher itself': origin => {
    void globalThis.Headers;
    return gray(() => dispatched(shared(), origin));
  },
  'another of its class': origin => {
    void globalThis.Headers;
    const another = new (shared().constructor)({ connections: 1 });
    return gray(() => dispatched(another, origin));
  },
  'an agent that comes later': origin => {
    void globalThis.Headers;
    require('rocketmq-gray/register');
    return gray(() => dispatched(shared(), origin));
  },
  'a copy under another name': async origin => {
    const { request } = require('undici-by-another-name');
    await gray(() => request(origin)).then(({ body }) => body.dump());
  },
  'a look that loads nothing': async origin => {
    const { EventEmitter } = require('node:events');
    const { init } = EventEmitter;
    for (let i = 0; i < 100_000; i++) for (const place of places) if (globalThis[place] !== undefined) return false;
    // It hooks what makes emitters, as the agent does until there is one.
    require('node:domain');
    if (new EventEmitter().listenerCount('x') !== 0) return false;
    require('node:domain')
      .create()
      .run(() => new EventEmitter());
    for (const place of places) void globalThis[place];
    new EventEmitter();
    if (EventEmitter.init.name !== init.name) return false;
    await gray(() => fetch(origin));
  },
};

async function main(way) {
  const baggage = [];
  const answer = (request, response) => {
    baggage.push(request.headers.baggage ?? 'none');
    response.end();
  };
  const server = http.createServer(answer).on('upgrade', answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  const isThere = (await WAYS[way](origin)) !== false;
  await fetch(origin);
  process.stdout.write(`${JSON.stringify(isThere ? baggage : null)}\n`, () => process.exit(0));
}
main(process.argv[2]).catch(error => {
  console.error(error);
  process.exit(1);
});
