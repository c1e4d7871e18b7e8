// One handler and one options object for several requests in a row, as a low-level user of undici may do; prints the
// baggage header of each request.
const http = require('node:http');
const { runWithTag } = require('rocketmq-gray');
const { Client } = require('undici');

const server = http.createServer((request, response) => response.end(request.headers.baggage ?? 'none'));
server.listen(0, '127.0.0.1', async () => {
  const client = new Client(`http://127.0.0.1:${server.address().port}`);
  const options = Object.freeze({ path: '/', method: 'GET' });
  let done;
  const seen = [];
  const handler = {
    onConnect() {},
    onHeaders: () => true,
    onData: chunk => seen.push(chunk.toString()),
    onComplete: () => done(),
    onError: error => seen.push(error.message),
  };
  const send = () =>
    new Promise(resolve => {
      done = resolve;
      client.dispatch(options, handler);
    });
  await send();
  await runWithTag('gray', send);
  await runWithTag('blue', send);
  await send();
  class Options {
    #path = '/';
    get path() {
      return this.#path;
    }
  }
  const ask = async () => (await client.request(Object.assign(new Options(), { method: 'GET' }))).body.text();
  seen.push(await runWithTag('gray', ask), await ask());
  console.log(JSON.stringify(seen));
  await client.close();
  server.close();
});
