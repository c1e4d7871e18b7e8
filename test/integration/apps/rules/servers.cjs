// Requests to servers of HTTP/1, HTTP/2 and gRPC. Prints, by server and request, the tag that each was handled within and the
// baggage that a call which was made meanwhile carried.
const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const net = require('node:net');
const grpc = require('@grpc/grpc-js');
const { activeTag } = require('rocketmq-gray');

const REQUESTS = JSON.parse(process.argv[2]);

const downstream = http.createServer((req, res) => res.end(req.headers.baggage ?? 'none'));
async function handled() {
  const [response] = await once(http.get({ host: '127.0.0.1', port: downstream.address().port }), 'response');
  const carried = Buffer.concat(await response.toArray()).toString();
  return `${activeTag() ?? 'none'}, ${carried}`;
}

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** Byte by byte: no client of this process, which may be a canary, adds a tag. */
async function overHttp(port, { path, headers, method = 'GET' }) {
  const socket = net.connect(port, '127.0.0.1');
  const fields = Object.entries({ Host: 'a', Connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.write(`${[`${method} ${path} HTTP/1.1`, ...fields].join('\r\n')}\r\n\r\n`);
  const [, body] = Buffer.concat(await socket.toArray())
    .toString()
    .split('\r\n\r\n');
  return body;
}

async function overHttp2(session, { path, headers, method }) {
  const stream = session.request({ ':path': path, ':method': method ?? 'GET', ...headers });
  stream.end();
  return Buffer.concat(await stream.toArray()).toString();
}

const identity = buffer => buffer;
function overGrpc(client, { path, headers }) {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers ?? {})) metadata.set(name, value);
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(path, identity, identity, Buffer.alloc(0), metadata, (error, answer) =>
      error ? reject(error) : resolve(answer.toString()),
    ),
  );
}

async function main() {
  await listen(downstream);
  const answer = async (_req, res) => res.end(await handled());
  const plain = await listen(http.createServer(answer));
  const session = http2.connect(`http://127.0.0.1:${await listen(http2.createServer(answer))}`);

  const server = new grpc.Server();
  const unary = path => ({
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  });
  const reply = (_call, callback) => handled().then(text => callback(null, Buffer.from(text)));
  server.addService({ get: unary('/shop.Service/get'), put: unary('/shop.Other/put') }, { get: reply, put: reply });
  const port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());

  const result = { http: {}, http2: {}, grpc: {} };
  for (const [name, request] of Object.entries(REQUESTS.http)) {
    result.http[name] = await overHttp(plain, request);
    result.http2[name] = await overHttp2(session, request);
  }
  for (const [name, request] of Object.entries(REQUESTS.grpc)) result.grpc[name] = await overGrpc(client, request);
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
main();
