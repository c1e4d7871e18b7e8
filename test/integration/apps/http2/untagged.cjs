// Untagged calls, one after another. Prints how often a context was entered for them, and how many streams had their
// events followed.
const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const http2 = require('node:http2');

async function main() {
  let scopes = 0;
  const { run } = AsyncLocalStorage.prototype;
  AsyncLocalStorage.prototype.run = function (...args) {
    scopes++;
    return run.apply(this, args);
  };
  let followed = 0;
  const look = stream => {
    if (Object.hasOwn(stream, 'emit')) followed++;
  };
  const server = http2.createServer();
  server.on('stream', stream => {
    look(stream);
    stream.respond({ ':status': 200 });
    stream.end('x');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = http2.connect(`http://127.0.0.1:${server.address().port}`);
  let calls = 0;
  for (; calls < 20; calls++) {
    const stream = session.request({ ':path': '/' });
    look(stream);
    await once(stream.resume(), 'end');
  }
  session.close();
  server.close();
  console.log(JSON.stringify({ calls, scopes, followed }));
}
main();
