// A plain service that is made to be bundled, with all that it uses: it consumes from a topic with the client CLIENT, calls
// ECHO over undici, axios and HTTP for each message, and sends what is posted to it. The protocol with the test is that of
// the applications in ../rocketmq.
// First: it has Node.js make its own dispatcher, which undici then uses.
const axios = require('axios');
const undici = require('undici');
const grpcClient = require('rocketmq-client-nodejs');
const remotingClient = require('ali-ons');
const urllib = require('urllib');
const echo = require('../clients/echo.js');
const sendServer = require('../clients/send-server.js');

const app = JSON.parse(process.env.APP);
const say = line => console.log(JSON.stringify(line));
const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function handle(body) {
  const { baggage } = await echo();
  const byUndici = await (await undici.request(process.env.ECHO)).body.json();
  const byAxios = (await axios.get(process.env.ECHO)).data;
  say({
    got: body.toString(),
    downstream: baggage ?? null,
    undici: byUndici.baggage ?? null,
    axios: byAxios.baggage ?? null,
  });
}

const clients = {
  'rocketmq-client-nodejs': async () => {
    const options = { endpoints: app.endpoints, logger: silent, requestTimeout: 3000 };
    const { ConsumeResult, Producer, PushConsumer } = grpcClient;
    const consumer = new PushConsumer({
      ...options,
      consumerGroup: app.group,
      subscriptions: new Map([[app.topic, '*']]),
      messageListener: {
        async consume(message) {
          await handle(message.body);
          return ConsumeResult.SUCCESS;
        },
      },
    });
    await consumer.startup();
    say({ group: consumer.consumerGroup });
    const producer = new Producer({ ...options, topics: [app.topic] });
    await producer.startup();
    return async ({ body }) => (await producer.send({ topic: app.topic, body: Buffer.from(body) })).messageId;
  },
  'ali-ons': async () => {
    const options = { httpclient: urllib, logger: silent, nameSrv: app.namesrv, rebalanceInterval: 1000 };
    const { Consumer, Message, Producer } = remotingClient;
    const consumer = new Consumer({ ...options, consumerGroup: app.group });
    // That a new group has no offsets yet is an error to this client.
    consumer.on('error', error => say({ clientError: error.message }));
    consumer.subscribe(app.topic, '*', async message => handle(message.body));
    await consumer.ready();
    say({ group: consumer.consumerGroup });
    while (![...consumer.processQueueTable.values()].some(({ messageQueue }) => messageQueue.topic === app.topic))
      await new Promise(resolve => setTimeout(resolve, 50));
    const producer = new Producer({ ...options, producerGroup: 'producers' });
    producer.on('error', error => say({ clientError: error.message }));
    await producer.ready();
    return async ({ body }) => (await producer.send(new Message(app.topic, '', body))).msgId;
  },
};

clients[process.env.CLIENT]().then(send => {
  const server = sendServer(async message => ({ id: await send(message) }));
  server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
});
