// An application whose tests put stubs in the place of what node:http2 exports, and take them away again. Prints how often
// they were called, what a call carried and was handled under afterwards, and the sessions in performance entries.
const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const { PerformanceObserver } = require('node:perf_hooks');
const { activeTag, runWithTag } = require('rocketmq-gray');

async function main() {
  const sessions = [];
  const observer = new PerformanceObserver(list => sessions.push(...list.getEntries().map(({ name }) => name)));
  observer.observe({ entryTypes: ['http2'] });

  const calls = [];
  const originals = { ...http2 };
  for (const name of ['connect', 'createServer', 'createSecureServer']) {
    http2[name] = () => {
      calls.push(name);
      throw new Error('a stub');
    };
  }
  // Connections are made and accepted while they are there.
  const plain = http.createServer((_req, res) => res.end()).listen(0, '127.0.0.1');
  await once(plain, 'listening');
  await once(http.get({ host: '127.0.0.1', port: plain.address().port }), 'response');
  Object.assign(http2, originals);

  const server = http2.createServer((req, res) =>
    res.end(JSON.stringify([req.headers.baggage ?? null, activeTag() ?? null])),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = http2.connect(`http://127.0.0.1:${server.address().port}`);
  const call = async () => {
    let text = '';
    for await (const chunk of session.request({ ':path': '/' }).setEncoding('utf8')) text += chunk;
    return JSON.parse(text);
  };
  const answers = [await call(), await runWithTag('gray', call)];
  session.close();
  await once(session, 'close');
  await new Promise(resolve => setTimeout(resolve, 50));
  // One of the client, one of the server, however many streams.
  const result = { calls, answers, sessions: sessions.filter(name => name === 'Http2Session').length };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
main();
