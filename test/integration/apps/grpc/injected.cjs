// A gRPC server that is given its connections by the application, in a process that has neither made nor accepted one.
// Prints the tag that its handler ran within.
const http2 = require('node:http2');
const { createRequire } = require('node:module');
const { join, resolve } = require('node:path');
const { Duplex } = require('node:stream');
const { activeTag } = require('rocketmq-gray');

const grpc = createRequire(join(resolve(process.argv[2]), 'x'))('@grpc/grpc-js');

/** Two ends of a connection. */
function connection() {
  const end = other =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const one = end(() => another);
  const another = end(() => one);
  return [one, another];
}

const identity = buffer => buffer;
const server = new grpc.Server();
server.addService(
  {
    unary: {
      path: '/test.Service/unary',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  { unary: (_call, callback) => callback(null, Buffer.from(String(activeTag()))) },
);
const [one, another] = connection();
server.createConnectionInjector(grpc.ServerCredentials.createInsecure()).injectConnection(another);

const session = http2.connect('http://localhost', { createConnection: () => one });
const stream = session.request({
  ':method': 'POST',
  ':path': '/test.Service/unary',
  'content-type': 'application/grpc',
  te: 'trailers',
  baggage: 'gray_tag=gray',
});
const chunks = [];
stream.on('data', chunk => chunks.push(chunk));
stream.on('end', () => {
  // A byte and a length of four come before the message.
  console.log(JSON.stringify({ handled: Buffer.concat(chunks).subarray(5).toString() }));
  process.exit();
});
stream.end(Buffer.from([0, 0, 0, 0, 0]));
