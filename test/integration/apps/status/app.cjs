// A server that knows nothing of the agent. With `family` also a forked process, a worker of a cluster and a worker thread
// that are the same. Ends when told to by GET /end; says who it is.
const { fork } = require('node:child_process');
const cluster = require('node:cluster');
const http = require('node:http');
const { threadId, Worker } = require('node:worker_threads');

const [, , kind = 'alone'] = process.argv;
for (const library of ['undici', 'ali-ons', 'nacos-naming']) {
  try {
    require(library);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
  }
}

if (kind === 'family') {
  fork(__filename, ['forked']);
  cluster.setupPrimary({ exec: __filename, args: ['clustered'] });
  cluster.fork();
  new Worker(__filename, { argv: ['thread'] });
}

const server = http.createServer((request, response) => {
  response.end('ok', () => {
    if (request.url === '/end') process.exit(0);
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ kind, pid: process.pid, thread: threadId, port: server.address().port }));
});
