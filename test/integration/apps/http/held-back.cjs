// Calls that somebody holds back and lets go in another flow, of another tag, in every way to make one over node:http and
// node:https. Prints by way what the server got and which tag the answer was handled under: each must be those of the flow
// that made the call. `together`: all of them are released by one flow.
const { once } = require('node:events');
const http = require('node:http');
const https = require('node:https');
const { readFileSync } = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { activeTag, runWithTag } = require('rocketmq-gray');

const held = [];
const release = () => {
  for (const letGo of held.splice(0)) letGo();
};

/** As agents with a rate limit do it. */
const limited = Agent =>
  class Limited extends Agent {
    addRequest(...args) {
      held.push(() => super.addRequest(...args));
    }
  };
/** As agent-base: inherits from nothing of Node's, and brings the socket itself. */
const foreign = {
  addRequest(request, { host, port }) {
    held.push(() => request.onSocket(net.connect({ host, port })));
  },
};
/** A connection that comes by a callback. */
const createConnection = ({ host, port }, callback) =>
  void held.push(() => callback(null, net.connect({ host, port })));

async function main() {
  const seen = (req, res) => req.resume().on('end', () => res.end(JSON.stringify(req.headers.baggage ?? null)));
  const pem = name => readFileSync(path.join(__dirname, `${name}.pem`));
  const plain = http.createServer({ requireHostHeader: false }, seen).listen(0, '127.0.0.1');
  const secure = https.createServer({ key: pem('key'), cert: pem('cert') }, seen).listen(0, '127.0.0.1');
  await Promise.all([once(plain, 'listening'), once(secure, 'listening')]);
  const at = (server, more) => ({ host: '127.0.0.1', port: server.address().port, rejectUnauthorized: false, ...more });

  const ways = {
    'request of an agent': () => http.request(at(plain, { agent: new (limited(http.Agent))() })).end(),
    'request of an agent that keeps connections': () =>
      http.request(at(plain, { agent: new (limited(http.Agent))({ keepAlive: true, maxSockets: 1 }) })).end(),
    'get of an agent': () => http.get(at(plain, { agent: new (limited(http.Agent))() })),
    'https.request of an agent': () => https.request(at(secure, { agent: new (limited(https.Agent))() })).end(),
    'new ClientRequest': () => new http.ClientRequest(at(plain, { agent: new (limited(http.Agent))() })).end(),
    'an agent of another kind': () => http.request(at(plain, { agent: foreign })).end(),
    createConnection: () => http.request(at(plain, { createConnection })).end(),
    'headers as an array': () =>
      http.request(at(plain, { agent: new (limited(http.Agent))(), headers: ['host', 'x'] })).end(),
    'no headers at all': () => http.request(at(plain, { agent: new (limited(http.Agent))(), setHost: false })).end(),
    'a body that is sent later': () => {
      const agent = new (limited(http.Agent))();
      const request = http.request(at(plain, { method: 'POST', agent, headers: { 'content-length': 4 } }));
      held.push(() => request.end('body'));
      return request;
    },
  };
  const result = {};
  for (const [name, make] of Object.entries(ways)) {
    // Of each tag one, and one of none; then another flow lets all of them go.
    const answers = [undefined, 'gray', 'blue', 'base'].map(tag => {
      const call = () =>
        new Promise((resolve, reject) => {
          make()
            .on('error', reject)
            .on('response', response => {
              let text = '';
              response
                .on('data', data => (text += data))
                .on('end', () => resolve([JSON.parse(text), activeTag() ?? null]));
            });
        });
      return tag === undefined ? call() : runWithTag(tag, call);
    });
    runWithTag('other', release);
    result[name] = await Promise.all(answers);
  }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
main();
