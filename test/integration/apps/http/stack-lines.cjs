// How many lines the stack of an error has, as a request comes and as its body ends: without a tag, with one, and without one
// again. Prints them.
const { once } = require('node:events');
const http = require('node:http');

Error.stackTraceLimit = 50;
const lines = () => new Error('here').stack.split('\n').length;

async function main() {
  const server = http.createServer((req, res) => {
    const seen = [lines()];
    req.resume().on('end', () => {
      seen.push(lines());
      res.end(JSON.stringify(seen));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const result = [];
  for (const headers of [{}, { baggage: 'gray_tag=gray' }, {}]) {
    const request = http.request({
      host: '127.0.0.1',
      port: server.address().port,
      method: 'POST',
      agent: false,
      headers,
    });
    request.write('some ');
    // The rest comes later, by an event of its own.
    setTimeout(() => request.end('more'), 20);
    const [response] = await once(request, 'response');
    result.push(JSON.parse(Buffer.concat(await response.toArray()).toString()));
  }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
main();
