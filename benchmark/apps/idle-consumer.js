// A consumer that is there: what it costs while nothing, or little, happens.
const { serve } = require('./measured');
const { startPushConsumer } = require(`./clients/${process.env.CLIENT}/service.js`);

async function main() {
  let consumed = 0;
  const handler = async () => {
    consumed++;
  };
  await startPushConsumer({ topic: process.env.TOPIC, group: process.env.GROUP, handler });
  serve({}, async ({ ms }) => {
    const before = consumed;
    await new Promise(resolve => setTimeout(resolve, ms));
    return { consumed: consumed - before };
  });
}

main();
