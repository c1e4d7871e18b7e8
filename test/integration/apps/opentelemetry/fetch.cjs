// Prints the baggage headers that `fetch` carries in the handler of a request, by the baggage of that request.
if (!process.argv.includes('set up before')) require('./with-undici.cjs');
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const rawServer = require('../http/raw-server.cjs');

async function main() {
  const target = await rawServer();
  const carried = async () => (await fetch(target.origin)).json();
  const server = http.createServer(async (_request, response) => {
    // Twice: the first one loads what it needs.
    response.end(JSON.stringify([...(await carried()), ...(await carried())]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  /** By no client that anybody instruments. */
  const ask = async header => {
    const socket = net.connect(server.address().port, '127.0.0.1').setEncoding('utf8');
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${header}\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    return JSON.parse(/\[.*\]/s.exec(answer)[0]);
  };
  const results = {
    untagged: await ask('x: y'),
    foreign: await ask('baggage: user=1'),
    tagged: await ask('baggage: gray_tag=blue,user=1'),
  };
  process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
}

main();
