// A plain application with a client of the remoting protocol (CLIENT: ali-ons 3.x, ali-ons 2.x or rocketmq 2.x), as a
// consumer (`subscriptions` in APP) or a producer. It knows nothing of the agent; the protocol with the test is that of
// consumer.js and producer.js.
const http = require('node:http');
const { Consumer, Message, Producer } = require(process.env.CLIENT);
const co = require('co');
const urllib = require('urllib');
const echo = require('./echo.js');
const sendServer = require('./send-server.js');

const app = JSON.parse(process.env.APP);
const say = line => console.log(JSON.stringify(line));
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const usesGenerators = Consumer.prototype.init.constructor.name === 'GeneratorFunction';
const options = {
  httpclient: urllib,
  logger: silent,
  rebalanceInterval: 1000,
  ...(usesGenerators ? { onsAddr: process.env.ADDRESS_SERVER } : { nameSrv: app.namesrv }),
  ...app.clientOptions,
};
const onError = error => say({ clientError: error.message });

const failing = new Set(app.failFirst ?? []);

async function handle(message) {
  const { baggage } = await echo();
  const body = message.body.toString();
  const { gray_tag, user } = message.properties;
  say({
    got: body,
    id: message.msgId,
    topic: message.topic,
    attempt: message.reconsumeTimes + 1,
    properties: { ...(gray_tag && { gray_tag }), ...(user && { user }) },
    downstream: baggage ?? null,
  });
  if (app.workMs) await new Promise(resolve => setTimeout(resolve, app.workMs));
  if (failing.delete(body)) throw new Error('the first attempt fails');
}

// How many messages are handled at once, at most, in a topic.
const running = {};
async function counted(message) {
  const { topic } = message;
  running[topic] = (running[topic] ?? 0) + 1;
  if (running[topic] > 1) say({ atOnce: running[topic], topic });
  try {
    await handle(message);
  } finally {
    running[topic]--;
  }
}

function consume() {
  const consumer = new Consumer({ ...options, consumerGroup: app.group, isBroadcast: app.broadcast === true });
  consumer.on('error', onError);
  say({ group: consumer.consumerGroup });
  const handler = usesGenerators
    ? function* (message) {
        // A nested generator: the client's co runs it.
        yield (function* () {
          yield counted(message);
        })();
      }
    : app.plainHandler
      ? message => counted(message)
      : counted;
  const subscribe = ([topic, filter]) =>
    consumer.subscribe(
      topic,
      typeof filter === 'string' ? filter : { expressionType: 'SQL92', subString: filter.sql },
      handler,
    );
  Object.entries(app.subscriptions).forEach(subscribe);
  consumer.ready(error => {
    if (error) throw error;
    Object.entries(app.later ?? {}).forEach(subscribe);
    say({ started: true });
    const topics = Object.keys({ ...app.subscriptions, ...app.later });
    const timer = setInterval(() => {
      const pulled = [...consumer.processQueueTable.values()].map(({ messageQueue }) => messageQueue.topic);
      if (!topics.every(topic => pulled.some(name => name.endsWith(topic)))) return;
      clearInterval(timer);
      say({ pulling: true });
    }, 50);
  });
  // Orders of the test: `{ close: true }`, `{ subscribe: { topic: filter } }`.
  const server = http.createServer(async (request, response) => {
    const order = JSON.parse(await text(request));
    Object.entries(order.subscribe ?? {}).forEach(subscribe);
    if (order.close) await consumer.close();
    response.end('{}');
    if (order.close) server.close();
  });
  if (app.takesOrders) server.listen(0, '127.0.0.1', () => say({ orders: server.address().port }));
}

async function text(stream) {
  let all = '';
  for await (const part of stream) all += part;
  return all;
}

async function produce() {
  const producer = new Producer({ ...options, producerGroup: 'producers' });
  producer.on('error', onError);
  await new Promise((resolve, reject) => producer.ready(error => (error ? reject(error) : resolve())));
  const send = async ({ topic, tag, body, properties }) => {
    const message = new Message(topic, tag ?? '', body);
    Object.assign(message.properties, properties);
    const before = JSON.stringify(message.properties);
    const { msgId } = await (usesGenerators ? co(producer.send(message)) : producer.send(message));
    return { id: msgId, changed: JSON.stringify(message.properties) !== before };
  };
  const server = sendServer(send);
  server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
}

if (app.subscriptions) consume();
else produce();
