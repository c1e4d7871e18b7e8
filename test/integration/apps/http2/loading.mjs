// One call over HTTP/2, with the module loaded in the way that is asked for. Prints the baggage that came, and the
// active tag of the handler.
import { createRequire } from 'node:module';
import { activeTag } from 'rocketmq-gray';

const require = createRequire(import.meta.url);
const ways = {
  require: () => require('node:http2'),
  import: async () => (await import('node:http2')).default,
  named: () => import('node:http2'),
  getBuiltinModule: () => process.getBuiltinModule?.('http2') ?? require('node:http2'),
};
const { connect, createServer } = await ways[process.argv[2]]();
const server = createServer();
server.on('stream', (stream, headers) => {
  stream.respond({ ':status': 200 });
  stream.end(JSON.stringify([headers.baggage ?? null, activeTag() ?? null]));
});
server.listen(0, '127.0.0.1', () => {
  const session = connect(`http://127.0.0.1:${server.address().port}`);
  let text = '';
  const stream = session.request({ ':path': '/' }).setEncoding('utf8');
  stream.on('data', chunk => {
    text += chunk;
  });
  stream.on('end', () => {
    console.log(text);
    session.close();
    server.close();
  });
});
