// A consumer that is there all the time: how many messages it handles within `ms`.
const { serve, usage } = require('./measured');
const { startPullConsumer, startPushConsumer } = require(`./clients/${process.env.CLIENT}/service.js`);

async function main() {
  let handled = 0;
  const handler = async () => {
    handled++;
  };
  const startConsumer = process.env.MODE === 'pull' ? startPullConsumer : startPushConsumer;
  await startConsumer({ topic: process.env.TOPIC, group: process.env.GROUP, handler });
  serve({}, async ({ ms }) => {
    const began = { ...usage(), handled };
    await new Promise(resolve => setTimeout(resolve, ms));
    const ended = usage();
    return { operations: handled - began.handled, ms: ended.at - began.at, cpuMs: ended.cpuMs - began.cpuMs };
  });
}

main();
