// Consumes COUNT messages in push mode after WARM_UP others, says how long that took, and leaves.
const { usage } = require('./measured');
const { startPushConsumer } = require(`./clients/${process.env.CLIENT}`);

const warmUp = Number(process.env.WARM_UP);
const count = Number(process.env.COUNT);
let consumed = 0;
let began;
let consumer;

async function main() {
  const handled = new Promise(resolve => {
    const handle = async () => {
      if (consumed++ === warmUp) began = usage();
      if (consumed === warmUp + count) resolve(usage());
    };
    // Put there by async-local-storage.js.
    const follow = globalThis.benchmarkFollow;
    const handler = follow ? async () => follow(handle) : handle;
    startPushConsumer({ topic: process.env.TOPIC, group: process.env.GROUP, handler }).then(
      started => {
        consumer = started;
        process.send({ ready: {} });
      },
      error => {
        throw error;
      },
    );
  });
  const ended = await handled;
  process.send({ id: 0, ms: ended.at - began.at, cpuMs: ended.cpuMs - began.cpuMs });
  await consumer.close();
  // A client may leave something behind that keeps the process alive.
  process.exit();
}

main();
