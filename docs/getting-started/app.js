// A service that knows nothing of environments. It sends a message for each request, and consumes its own topic.
const http = require('node:http');
const { ConsumeResult, Producer, PushConsumer } = require('rocketmq-client-nodejs');

const { ENDPOINTS: endpoints, PORT: port } = process.env;
const topic = 'TEST_MQ';
const logger = { debug() {}, info() {}, warn() {}, error: console.error };

const producer = new Producer({ endpoints, topics: [topic], logger });
const consumer = new PushConsumer({
  endpoints,
  consumerGroup: 'group1',
  subscriptions: new Map([[topic, '*']]),
  logger,
  messageListener: {
    async consume(message) {
      console.log(`port ${port} took ${message.body}`);
      return ConsumeResult.SUCCESS;
    },
  },
});

let sent = 0;
const server = http.createServer(async (_request, response) => {
  const body = `message ${++sent}`;
  const { messageId } = await producer.send({ topic, body: Buffer.from(body) });
  console.log(`port ${port} sent ${body}`);
  response.end(`${messageId}\n`);
});

async function start() {
  await producer.startup();
  await consumer.startup();
  server.listen(port, () => console.log(`port ${port} is ready`));
}

start();
