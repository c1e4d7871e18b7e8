// Calls through a proxy, by a tunnel that `CONNECT` opens. Prints the baggage of each CONNECT, and what the target got.
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { createRequire } = require('node:module');
const path = require('node:path');

const { ProxyAgent, request } = createRequire(path.resolve(process.argv[2], 'app.js'))('undici');
const listening = async server => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
};

async function main() {
  const connects = [];
  const proxy = http.createServer().on('connect', (req, socket, head) => {
    connects.push(req.headers.baggage ?? null);
    const [host, port] = req.url.split(':');
    const onward = net.connect(port, host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on('error', () => {});
  });
  const target = http.createServer((req, res) => res.end(JSON.stringify(req.headers.baggage ?? null)));
  const [proxyPort, port] = [await listening(proxy), await listening(target)];
  const got = [];

  const connect = http
    .request({ host: '127.0.0.1', port: proxyPort, method: 'CONNECT', path: `127.0.0.1:${port}` })
    .end();
  const [, socket] = await once(connect, 'connect');
  const [response] = await once(http.get({ createConnection: () => socket, headers: { host: 'x' } }), 'response');
  got.push(JSON.parse(Buffer.concat(await response.toArray()).toString()));

  const dispatcher = new ProxyAgent({ uri: `http://127.0.0.1:${proxyPort}`, proxyTunnel: true });
  const { body } = await request(`http://127.0.0.1:${port}/`, { dispatcher });
  got.push(await body.json());
  process.stdout.write(`${JSON.stringify({ connects, got })}\n`, () => process.exit(0));
}
main();
