// A worker thread with an environment of its own, and one within it. Prints the baggage that a call from each carries.
const { once } = require('node:events');
const http = require('node:http');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

async function baggageOfCall() {
  const server = http.createServer((request, response) => response.end(request.headers.baggage ?? 'none'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [response] = await once(http.get({ port: server.address().port, agent: false }), 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  server.close();
  return body;
}

async function ofWorker(depth) {
  const [message] = await once(new Worker(__filename, { env: { LEVEL: `${depth}` }, workerData: depth }), 'message');
  return message;
}

async function main() {
  const own = await baggageOfCall();
  const depth = workerData ?? 0;
  const all = depth < 2 ? [own, ...(await ofWorker(depth + 1))] : [own];
  if (isMainThread) console.log(JSON.stringify(all));
  else parentPort.postMessage(all);
}

main();
