// A consumer that is there all the time: how long it takes for the next `count` messages, from the first of them on.
const { serve, usage } = require('./measured');
const { startPullConsumer, startPushConsumer } = require(`./clients/${process.env.CLIENT}`);

async function main() {
  let handled = () => {};
  const startConsumer = process.env.MODE === 'pull' ? startPullConsumer : startPushConsumer;
  await startConsumer({ topic: process.env.TOPIC, group: process.env.GROUP, handler: async () => handled() });
  serve({}, ({ count }) => {
    let left = count;
    let began;
    return new Promise(resolve => {
      handled = () => {
        if (left-- === count) began = usage();
        if (left > 0) return;
        handled = () => {};
        const ended = usage();
        resolve({ operations: count - 1, ms: ended.at - began.at, cpuMs: ended.cpuMs - began.cpuMs });
      };
    });
  });
}

main();
