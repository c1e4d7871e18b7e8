// A client of a made-up database with callbacks, over one connection that the first request makes: a gray one. Prints the
// baggage that calls carry which are made in the callbacks of later requests, over TCP and TLS, beside what they carried.
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { activeTag, runWithTag } = require('rocketmq-gray');

const pem = name => readFileSync(path.join(__dirname, `${name}.pem`));

/** Answers are in the order of queries. */
class Client {
  waiting = [];

  constructor(connect) {
    this.connect = connect;
  }

  query(text, callback) {
    this.socket ??= this.connect().on('data', data => {
      for (const answer of String(data).trim().split('\n')) this.waiting.shift()(answer);
    });
    this.waiting.push(callback);
    this.socket.write(`${text}\n`);
  }
}

async function main() {
  const listening = async server => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  };
  const echo = socket => socket.on('error', () => {}).pipe(socket);
  const plain = await listening(net.createServer(echo));
  const secure = await listening(tls.createServer({ key: pem('key'), cert: pem('cert') }, echo));
  const target = await listening(http.createServer((req, res) => res.end(JSON.stringify(req.headers.baggage ?? null))));
  const get = (callback, reject) =>
    http
      .get({ host: '127.0.0.1', port: target }, async response => {
        callback(JSON.parse(Buffer.concat(await response.toArray()).toString()));
      })
      .on('error', reject);

  const result = {};
  for (const [name, connect] of Object.entries({
    tcp: () => net.connect(plain, '127.0.0.1'),
    tls: () => tls.connect({ port: secure, host: '127.0.0.1', rejectUnauthorized: false }),
    // The first of its kind has shown its class by then.
    'tls again': () => tls.connect(secure, '127.0.0.1', { rejectUnauthorized: false }),
  })) {
    const client = new Client(connect);
    const request = () => new Promise((resolve, reject) => client.query('q', () => get(resolve, reject)));
    result[name] = [
      await runWithTag('gray', () => request()),
      await request(),
      await runWithTag('blue', () => request()),
      // As it is done where the tag is to go on.
      await runWithTag(
        'blue',
        () =>
          new Promise((resolve, reject) => {
            const { AsyncResource } = require('node:async_hooks');
            client.query(
              'q',
              AsyncResource.bind(() => get(resolve, reject)),
            );
          }),
      ),
      await request(),
    ];
  }
  // An agent that connects by itself, as agent-base does: the error of a connection belongs to its request.
  const broken = await listening(net.createServer(socket => socket.on('data', () => socket.resetAndDestroy())));
  const agent = { addRequest: (request, { host, port }) => void request.onSocket(net.connect(port, host)) };
  const failing = () =>
    new Promise(resolve =>
      http.get({ host: '127.0.0.1', port: broken, agent }).on('error', () => resolve(activeTag() ?? null)),
    );
  result.errors = [await runWithTag('gray', failing), await failing()];
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
main();
