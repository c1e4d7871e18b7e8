// Sends messages to a topic, `count` of them, some at a time.
const { serve } = require('./measured');
const { startProducer } = require(`./clients/${process.env.CLIENT}/service.js`);

async function main() {
  const send = await startProducer(process.env.TOPIC);
  serve({}, async ({ count, concurrency }) => {
    let left = count;
    const sender = async () => {
      while (left-- > 0) await send('a message of some length, as they are');
    };
    await Promise.all(Array.from({ length: concurrency }, sender));
    return {};
  });
}

main();
