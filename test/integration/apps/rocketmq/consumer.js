// A plain consumer application: it knows nothing of the agent. Settings come as JSON in APP; what it sees goes out as
// JSON lines. For each message it calls ECHO over HTTP and reports the headers that arrived there.
const { ConsumeResult, FilterExpression, PushConsumer, SimpleConsumer } = require('rocketmq-client-nodejs');
const echo = require('./echo.js');

const app = JSON.parse(process.env.APP);
const say = line => console.log(JSON.stringify(line));
const expression = filter => (typeof filter === 'string' ? filter : new FilterExpression(filter.sql, 2));
const silent = {
  debug() {},
  info() {},
  warn() {},
  error: (...words) => say({ clientError: words.map(String).join(' ') }),
};

let running = 0;

async function handle(message) {
  running++;
  const atOnce = running;
  const { baggage } = await echo();
  if (app.handleMs) await new Promise(resolve => setTimeout(resolve, app.handleMs));
  running--;
  say({
    atOnce,
    got: message.body.toString(),
    id: message.messageId,
    topic: message.topic,
    attempt: message.deliveryAttempt,
    properties: Object.fromEntries(message.properties),
    keys: message.keys,
    downstream: baggage ?? null,
  });
}

const subscriptions = new Map(Object.entries(app.subscriptions).map(([topic, filter]) => [topic, expression(filter)]));
const options = {
  endpoints: app.endpoints,
  consumerGroup: app.group,
  subscriptions,
  logger: silent,
  requestTimeout: 3000,
  ...app.clientOptions,
};
let isShutDown = false;
let looping;

// What applications add to a consumer class.
const classes = {
  ownStartup: class extends PushConsumer {
    #starts = 0;
    async startup() {
      say({ starts: ++this.#starts });
      return super.startup();
    }
  },
  ownRequests: class extends PushConsumer {
    #requests = 0;
    wrapPushReceiveMessageRequest(...args) {
      this.#requests++;
      return super.wrapPushReceiveMessageRequest(...args);
    }
  },
};

async function push() {
  const failing = new Set(app.failFirst ?? []);
  const messageListener = {
    async consume(message) {
      await handle(message);
      return failing.delete(message.body.toString()) ? ConsumeResult.FAILURE : ConsumeResult.SUCCESS;
    },
  };
  const consumer = new (classes[app.ofClass] ?? PushConsumer)({ ...options, messageListener });
  say({
    group: consumer.getConsumerGroup(),
    options: { group: options.consumerGroup, topics: [...subscriptions.keys()] },
  });
  await consumer.startup();
  return consumer;
}

const loops = {
  async forOf(consumer) {
    for (const message of await consumer.receive(16, 20000)) {
      await handle(message);
      await consumer.ack(message);
    }
  },
  async map(consumer) {
    const messages = await consumer.receive(16, 20000);
    await Promise.all(
      messages.map(async message => {
        await handle(message);
        await consumer.ack(message);
      }),
    );
  },
  // Acknowledges what it takes a while later, and takes a few at a time.
  async later(consumer) {
    const messages = await consumer.receive(4, 20000);
    say({ batch: messages.length });
    for (const message of messages) {
      await handle(message);
      setTimeout(() => {
        consumer.ack(message).then(
          () => say({ acknowledged: message.body.toString() }),
          error => say({ ackError: error.message }),
        );
      }, app.ackMs);
    }
  },
  async index(consumer) {
    const messages = await consumer.receive(16, 20000);
    for (let i = 0; i < messages.length; i++) {
      await handle(messages[i]);
      await consumer.ack(messages[i]);
    }
  },
};

async function pull() {
  const consumer = new SimpleConsumer({ awaitDuration: 2000, ...options });
  say({ group: consumer.getConsumerGroup() });
  await consumer.startup();
  const names = app.loops ?? ['forOf'];
  looping = Promise.all(
    names.map(async name => {
      while (!isShutDown) {
        try {
          await loops[name](consumer);
        } catch (error) {
          say({ receiveError: error.message });
          await new Promise(resolve => setTimeout(resolve, 500));
        }
      }
    }),
  );
  return consumer;
}

(app.mode === 'pull' ? pull() : push()).then(async consumer => {
  for (const [topic, filter] of Object.entries(app.later ?? {}))
    await consumer.subscribe(topic, new FilterExpression(filter.tag ?? filter.sql, filter.sql ? 2 : 1));
  say({ started: true });
  if (!app.shutsDown) return;
  process.once('SIGTERM', async () => {
    isShutDown = true;
    await looping;
    await consumer.shutdown();
    say({ shutDown: true });
    process.exit();
  });
});
