// Servers that are asked for their requests: `on` and `once` of node:events, over HTTP/1 and HTTP/2. Prints by way what each
// request was handled under, at once and later, beside the tag that it carried; and what the flow has when it is over.
import { EventEmitter, on, once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { activeTag } from 'rocketmq-gray';

const TAGS = [undefined, 'gray', 'blue', undefined, 'base', 'gray'];
const baggage = tag => (tag === undefined ? {} : { baggage: `gray_tag=${tag}` });

/** Handles a request in a flow of its own, which the next one must not change. */
async function handle(answer) {
  const before = activeTag() ?? null;
  await sleep(5);
  answer(JSON.stringify([before, activeTag() ?? null]));
}

const WAYS = {
  async *'on request'(server) {
    for await (const [, res] of on(server, 'request')) {
      handle(text => res.end(text));
      if (yield) break;
    }
  },
  async *'once request'(server) {
    do {
      const [, res] = await once(server, 'request');
      handle(text => res.end(text));
    } while (!(yield));
  },
  async *'spread into a handler'(server) {
    const handler = (_req, res) => handle(text => res.end(text));
    for await (const args of EventEmitter.on(server, 'request')) {
      handler(...args);
      if (yield) break;
    }
  },
};
const STREAMS = {
  async *'on stream'(server) {
    for await (const [stream] of on(server, 'stream')) {
      handle(text => stream.end(text));
      if (yield) break;
    }
  },
};

/** Runs a server's loop over as many requests as there are tags; returns the tag of its flow afterwards. */
async function serve(way, server) {
  let left = TAGS.length;
  const loop = way(server);
  // The loop is driven from within: a generator would be another flow.
  const run = async () => {
    for (let step = await loop.next(); !step.done; step = await loop.next(--left === 0));
    return activeTag() ?? null;
  };
  return run();
}

/** `once` misses those that come at once. */
async function inTurn(name, call) {
  const answers = [];
  // One at a time, or all together.
  for (const tag of TAGS) answers.push(name.startsWith('once') ? await call(tag) : call(tag));
  return (await Promise.all(answers)).map((answer, at) => [TAGS[at] ?? null, ...answer]);
}

async function get(url, tag) {
  const request = http.get(url, { agent: false, headers: baggage(tag) });
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return JSON.parse(text);
}

async function get2(session, tag) {
  const stream = session.request({ ':path': '/', ...baggage(tag) });
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return JSON.parse(text);
}

const result = {};
for (const [name, way] of Object.entries(WAYS)) {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const served = serve(way, server);
  const seen = await inTurn(name, tag => get(`http://127.0.0.1:${server.address().port}`, tag));
  result[`http, ${name}`] = [seen, await served];
}
for (const [name, way] of [...Object.entries(WAYS), ...Object.entries(STREAMS)]) {
  const server = http2.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = http2.connect(`http://127.0.0.1:${server.address().port}`);
  const served = serve(way, server);
  const seen = await inTurn(name, tag => get2(session, tag));
  result[`http2, ${name}`] = [seen, await served];
  session.destroy();
}
result.after = activeTag() ?? null;
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
