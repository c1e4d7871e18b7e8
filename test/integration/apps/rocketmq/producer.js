// A plain producer application: POST /send with a JSON message sends it from within the request.
const { Producer } = require('rocketmq-client-nodejs');
const echo = require('./echo.js');
const sendServer = require('./send-server.js');

const app = JSON.parse(process.env.APP);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const say = line => console.log(JSON.stringify(line));

const producer = new Producer({
  endpoints: app.endpoints,
  topics: app.topics,
  logger: silent,
  ...app.clientOptions,
  checker: {
    async check(message) {
      const { baggage } = await echo();
      say({ checked: message.body.toString(), downstream: baggage ?? null });
      return 1;
    },
  },
});

async function send({ transaction, properties, delay, body, ...rest }) {
  const message = Object.freeze({
    ...rest,
    body: Buffer.from(body),
    ...(properties ? { properties: new Map(Object.entries(properties)) } : {}),
    ...(delay ? { delay } : {}),
  });
  const before = JSON.stringify([...(message.properties ?? [])]);
  let receipt;
  if (transaction) {
    const open = producer.beginTransaction();
    receipt = await producer.send(message, open);
    if (transaction === 'commit') await open.commit();
  } else {
    receipt = await producer.send(message);
  }
  return { id: receipt.messageId, changed: JSON.stringify([...(message.properties ?? [])]) !== before };
}

const server = sendServer(send);

producer.startup().then(() => server.listen(0, '127.0.0.1', () => say({ port: server.address().port })));
