// Prints the names of the members of each `baggage` header that calls carry beside Sentry: by how they are made, in the handling
// of a request without and with a tag.
const Sentry = require('@sentry/node');

// Before what it instruments. Nobody listens there.
Sentry.init({ dsn: 'http://key@127.0.0.1:9/1', tracesSampleRate: 1, tracePropagationTargets: [/.*/] });

const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const rawServer = require('../http/raw-server.cjs');

const WAYS = {
  fetch: origin => fetch(origin),
  'fetch with a header of its own': origin => fetch(origin, { headers: { baggage: 'user=1' } }),
  'http.get': origin =>
    new Promise((resolve, reject) => {
      http.get(origin, response => response.resume().on('end', resolve)).on('error', reject);
    }),
};
const REQUESTS = {
  untagged: 'x: y',
  tagged: 'baggage: gray_tag=gray',
  traced: [
    'baggage: gray_tag=gray,user=2,sentry-environment=up,sentry-public_key=key,sentry-trace_id=71ba4b45a3d8412f8d8a8d8a8d8a8d8a',
    'sentry-trace: 71ba4b45a3d8412f8d8a8d8a8d8a8d8a-8d8a8d8a8d8a8d8a-1',
  ].join('\r\n'),
};

async function main() {
  const target = await rawServer();
  const server = http.createServer(async (request, response) => {
    await WAYS[decodeURIComponent(request.url.slice(1))](target.origin);
    response.end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const results = {};
  for (const way of Object.keys(WAYS)) {
    for (const [name, headers] of Object.entries(REQUESTS)) {
      target.requests.length = 0;
      // By no client that anybody instruments.
      const socket = net.connect(server.address().port, '127.0.0.1');
      socket.write(`GET /${encodeURIComponent(way)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n\r\n`);
      await once(socket.resume(), 'close');
      results[`${way}, ${name}`] = target.requests.map(({ all }) =>
        all('baggage').map(header => header.split(',').map(member => member.slice(0, member.indexOf('=')))),
      );
    }
  }
  process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
}
main().catch(error => {
  console.error(error);
  process.exit(1);
});
