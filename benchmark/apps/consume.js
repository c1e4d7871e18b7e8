// Consumes TURNS times TURN messages in push mode after WARM_UP others, says how long each turn took, and leaves.
const { usage } = require('./measured');
const { startPushConsumer } = require(`./clients/${process.env.CLIENT}/service.js`);

const warmUp = Number(process.env.WARM_UP);
const inATurn = Number(process.env.TURN);
const turns = Number(process.env.TURNS);
let consumed = 0;
let consumer;

async function main() {
  const handled = new Promise(resolve => {
    const times = [];
    // From the first message on: what is before it is waiting.
    const handle = async () => {
      const measured = consumed++ - warmUp;
      if (measured === 0 || (measured > 0 && (measured + 1) % inATurn === 0)) times.push(usage());
      if (times.length === turns + 1) resolve(times);
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
  const times = await handled;
  const done = times.slice(1).map((ended, turn) => {
    const began = times[turn];
    return { operations: inATurn, ms: ended.at - began.at, cpuMs: ended.cpuMs - began.cpuMs };
  });
  process.send({ id: 0, turns: done });
  await consumer.close();
  // A client may leave something behind that keeps the process alive.
  process.exit();
}

main();
