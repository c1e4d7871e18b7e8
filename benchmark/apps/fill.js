// Sends messages for others to consume: { topic, count, tag }, with the time in them if `isTimed`, as fast as it goes or `rate`
// a second. By the client that sends fastest.
const { Message, Producer } = require('ali-ons');
const httpclient = require('urllib');
const { serve } = require('./measured');

async function main() {
  const nameSrv = process.env.ROCKETMQ_NAME_SERVERS;
  const producer = new Producer({ httpclient, nameSrv, producerGroup: 'fillers' });
  producer.on('error', error => console.error(error));
  await producer.ready();
  serve({}, async ({ topic, count, tag, rate, isTimed }) => {
    const began = performance.now();
    let left = count;
    const sender = async () => {
      while (left-- > 0) {
        const early = rate === undefined ? 0 : ((count - left - 1) / rate) * 1_000 - (performance.now() - began);
        if (early > 0) await new Promise(resolve => setTimeout(resolve, early));
        const message = new Message(topic, '', isTimed ? `${Date.now()}` : 'a message');
        if (tag !== undefined) message.properties.gray_tag = tag;
        await producer.send(message);
      }
    };
    await Promise.all(Array.from({ length: 64 }, sender));
    return {};
  });
}

main();
