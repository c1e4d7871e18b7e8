// A service that ends in an orderly way. A request sends a message whose body is its path; what it consumes, it says. `long`
// takes WORK_MS. `/closed` is answered as by a service that is not ready.
const http = require('node:http');

const { CLIENT = 'rocketmq-client-nodejs', ENDPOINTS, GRAY_MQ_NAMESRV, PORT, WORK_MS } = process.env;
const topic = 'TEST_MQ';
const group = 'group1';
const silent = { debug() {}, info() {}, warn() {}, error: console.error };

async function handle(body) {
  console.log(`took ${body}`);
  if (body === 'long') await new Promise(resolve => setTimeout(resolve, Number(WORK_MS)));
  console.log(`handled ${body}`);
}

const clients = {
  'rocketmq-client-nodejs': async ({ ConsumeResult, Producer, PushConsumer }) => {
    const producer = new Producer({ endpoints: ENDPOINTS, topics: [topic], logger: silent });
    const messageListener = {
      async consume(message) {
        await handle(message.body.toString());
        return ConsumeResult.SUCCESS;
      },
    };
    const subscriptions = new Map([[topic, '*']]);
    const options = { endpoints: ENDPOINTS, consumerGroup: group, subscriptions, messageListener, logger: silent };
    const consumer = new PushConsumer(options);
    await producer.startup();
    await consumer.startup();
    return {
      send: body => producer.send({ topic, body: Buffer.from(body) }),
      async close() {
        await consumer.shutdown();
        await producer.shutdown();
      },
    };
  },
  'ali-ons': async ({ Consumer, Message, Producer }) => {
    const options = {
      httpclient: require('urllib'),
      nameSrv: GRAY_MQ_NAMESRV,
      logger: silent,
      rebalanceInterval: 1000,
    };
    const producer = new Producer({ ...options, producerGroup: 'producers' });
    await producer.ready();
    const consumer = new Consumer({ ...options, consumerGroup: group });
    consumer.subscribe(topic, '*', async message => handle(message.body.toString()));
    await consumer.ready();
    return {
      send: body => producer.send(new Message(topic, '', body)),
      async close() {
        await consumer.close();
        await producer.close();
      },
    };
  },
};

async function start() {
  const client = await clients[CLIENT](require(CLIENT));
  const server = http.createServer(async (request, response) => {
    try {
      await client.send(request.url.slice(1));
      response.writeHead(request.url === '/closed' ? 503 : 200).end('sent\n');
    } catch (error) {
      response.writeHead(500).end(error.message);
    }
  });
  process.once('SIGTERM', async () => {
    console.log('told to end');
    const closed = new Promise(resolve => server.close(resolve));
    server.closeIdleConnections();
    await client.close();
    console.log('consumes no more');
    await closed;
    process.exit(0);
  });
  server.listen(PORT, () => console.log(`port ${PORT} is ready`));
}

start();
