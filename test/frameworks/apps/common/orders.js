// What every application here does beside its framework: it publishes orders, and for each that it consumes it calls the
// next service. It knows nothing of environments.
const http = require('node:http');
const { ConsumeResult, Producer, PushConsumer } = require('rocketmq-client-nodejs');

const logger = { debug() {}, info() {}, warn() {}, error() {} };
let consumer;
let producing;

/** Is done when this process consumes. */
exports.start = async () => {
  const { ENDPOINTS, GROUP, TOPIC, DOWNSTREAM } = process.env;
  consumer = new PushConsumer({
    endpoints: ENDPOINTS,
    consumerGroup: GROUP,
    subscriptions: new Map([[TOPIC, '*']]),
    logger,
    messageListener: {
      async consume(message) {
        await get(`${DOWNSTREAM}/message/${message.body}`);
        return ConsumeResult.SUCCESS;
      },
    },
  });
  await consumer.startup();
};

exports.publish = async id => {
  const { ENDPOINTS, TOPIC } = process.env;
  producing ??= started(new Producer({ endpoints: ENDPOINTS, topics: [TOPIC], logger }));
  const producer = await producing;
  await producer.send({ topic: TOPIC, body: Buffer.from(id) });
};

exports.stop = async () => {
  await consumer?.shutdown();
  await (await producing)?.shutdown();
};

async function started(producer) {
  await producer.startup();
  return producer;
}

function get(url) {
  return new Promise((resolve, reject) => {
    http.get(url, response => response.resume().on('end', resolve)).on('error', reject);
  });
}
