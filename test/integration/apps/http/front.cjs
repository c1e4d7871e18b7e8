// The front of a test service: `handle(index)` runs in the flow of an HTTP request each, `count` of them at once, with
// the tags a, none, b and base by turns. Resolves to what the requests carried and what `handle` resolved to.
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');

const TAGS = ['a', null, 'b', 'base'];

module.exports = async function front(count, handle) {
  const server = http.createServer((req, res) => {
    handle(Number(req.url.slice(1))).then(
      result => res.end(JSON.stringify(result)),
      error => res.end(JSON.stringify({ error: String(error.stack) })),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const call = async index => {
    const tag = TAGS[Math.floor(index / 3) % TAGS.length];
    const headers = tag === null ? '' : `baggage: gray_tag=${tag}\r\n`;
    // By hand: the call of a client is one of this process, which may have a tag of its own.
    const socket = net.connect(server.address().port, '127.0.0.1').setEncoding('utf8');
    socket.write(`GET /${index} HTTP/1.0\r\n${headers}\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    const body = answer.slice(answer.indexOf('\r\n\r\n'));
    return { tag, ...JSON.parse(body) };
  };
  const results = await Promise.all(Array.from({ length: count }, (_, index) => call(index)));
  server.close();
  return results;
};
