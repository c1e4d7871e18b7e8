// Serves `service` on a free port, over TLS when asked, and registers it. Answers who it is and what it was sent. Ends as
// services do in production: it leaves the registry, serves who has not heard of it yet, then goes.
const { readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const https = require('node:https');
const { join } = require('node:path');
const { connect, settings } = require('./client');

const { name, service, tls } = settings;

/** What a path asks for besides the answer. */
const PATHS = {
  '/hang': () => false,
  '/cached': response => response.setHeader('cache-control', 'max-age=60'),
  '/close': response => response.setHeader('connection', 'close'),
  '/redirect': response => response.writeHead(302, { location: '/' }),
};

let answers = 0;
const answer = async (request, response) => {
  // Others are served meanwhile.
  await new Promise(resolve => setTimeout(resolve, Math.random() * 20));
  if (PATHS[request.url]?.(response) === false) return;
  const { host, baggage, 'x-asked': asked } = request.headers;
  if (!response.headersSent) response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ name, host, baggage, asked, id: `${name} ${answers++}` }));
};

async function main() {
  const pem = file => readFileSync(join(__dirname, file));
  const server = tls
    ? https.createServer({ key: pem('key.pem'), cert: pem('cert.pem') }, answer)
    : createServer(answer);
  server.keepAliveTimeout = 60_000;
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const client = await connect();
  const instance = Object.freeze({ ip: '127.0.0.1', port, metadata: Object.freeze({ owner: 'team' }) });
  await client.registerInstance(service, instance);
  console.log(`serving on ${port}`);
  process.once('SIGTERM', async () => {
    await client.deregisterInstance(service, instance);
    setTimeout(() => process.exit(0), 3000);
  });
}
main();
