// A plain application with the native client, as a consumer (`subscriptions` in APP) or a producer. It knows nothing of the
// agent; the protocol with the test is that of consumer.js and producer.js.
const { Producer, PushConsumer } = require('apache-rocketmq');
const echo = require('./echo.js');
const sendServer = require('./send-server.js');

const app = JSON.parse(process.env.APP);
const say = line => console.log(JSON.stringify(line));
const options = Object.freeze({ nameServer: app.namesrv, logLevel: 'error', ...app.clientOptions });

function consume() {
  const failing = new Set(app.failFirst ?? []);
  const consumer = new PushConsumer(app.group, options);
  consumer.on('message', async (message, ack) => {
    const { baggage } = await echo();
    const { body, keys, tags, topic, msgId, properties } = message;
    const { gray_tag, user } = properties ?? {};
    say({
      got: body,
      id: msgId,
      topic,
      keys,
      tags,
      properties: { ...(gray_tag && { gray_tag }), ...(user && { user }) },
      downstream: baggage ?? null,
    });
    if (failing.delete(body)) ack.done(false);
    else ack.done();
  });
  const subscribe = one => {
    for (const [topic, expression] of Object.entries(app.subscriptions)) one.subscribe(topic, expression);
  };
  subscribe(consumer);
  consumer.start(async (error, status) => {
    if (error) throw error;
    say({ started: true, status });
    if (!app.twice) return;
    // The client refuses a second one of the same group.
    const second = new PushConsumer(app.group, options);
    subscribe(second);
    say({ second: await second.start() });
  });
  process.once('SIGTERM', async () => {
    await consumer.shutdown();
    say({ shutDown: true });
    process.exit();
  });
}

// Every form of the call.
const calledBack = (body, call) =>
  new Promise((resolve, reject) => {
    call(async (error, result) => {
      if (error) return reject(error);
      const { baggage } = await echo();
      say({ calledBack: body, downstream: baggage ?? null });
      resolve(result);
    });
  });

async function produce() {
  const producer = new Producer('producers', options);
  await producer.start();
  const forms = {
    promise: (topic, body, given) => producer.send(topic, body, given),
    bare: (topic, body) => producer.send(topic, body),
    buffer: (topic, body, given) => producer.send(topic, Buffer.from(body), given),
    callback: (topic, body, given) => calledBack(body, callback => producer.send(topic, body, given, callback)),
    callbackThird: (topic, body) => calledBack(body, callback => producer.send(topic, body, callback)),
    noTexts: (topic, body) => producer.send(topic, body, Object.freeze({ keys: Number.NaN, tags: Number.NaN })),
  };
  const send = async ({ topic, body, tag, keys, form = 'promise' }) => {
    // Frozen, and told from a copy: neither written to nor replaced.
    const given = Object.freeze({ ...(tag !== undefined && { tags: tag }), ...(keys !== undefined && { keys }) });
    const before = JSON.stringify(given);
    const { msgId, statusStr } = await forms[form](topic, body, given);
    if (!msgId || statusStr !== 'OK') throw new Error(`not sent: ${statusStr}`);
    return { id: msgId, changed: JSON.stringify(given) !== before };
  };
  const server = sendServer(send);
  server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
}

if (app.subscriptions) consume();
else produce();
