// Sends messages for others to consume: { topic, count, tag }, by properties of its own.
const { Producer } = require('rocketmq-client-nodejs');
const { serve } = require('./measured');

async function main() {
  const topics = process.env.TOPICS.split(',');
  const producer = new Producer({ endpoints: process.env.ROCKETMQ_ENDPOINTS, topics });
  await producer.startup();
  serve({}, async ({ topic, count, tag }) => {
    const properties = tag === undefined ? undefined : new Map([['gray_tag', tag]]);
    let left = count;
    const sender = async () => {
      while (left-- > 0) await producer.send({ topic, body: Buffer.from('a message'), properties });
    };
    await Promise.all(Array.from({ length: 64 }, sender));
    return {};
  });
}

main();
