// Pulled batches taken in every way that applications do, several loops side by side. No broker: what a consumer's
// receive() does is done here with its parts. Prints what was seen wrongly.
const { createTagContext, endOfTaken, messageBatch } = require('./node_modules/rocketmq-gray/dist/parts.js');

const bridge = { isIdle: () => true, tag() {}, shows: () => true, run: (_tag, fn) => fn() };
const context = createTagContext({ instanceTag: undefined, bridge });
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const wrong = {};
let checks = 0;
const expectTag = (tag, where) => {
  checks++;
  if (context.activeTag() !== tag) wrong[where] = `${context.activeTag()} instead of ${tag}`;
};

class Consumer {
  constructor() {
    context.enableFlows();
  }
  async startup() {
    await sleep(2);
  }
  async receive(tags = Array.from({ length: 4 }, () => [undefined, 'gray', 'blue'][Math.floor(Math.random() * 3)])) {
    endOfTaken(this, context);
    await sleep(Math.random() * 3);
    return messageBatch(
      tags.map(tag => ({ tag })),
      { tagOf: message => message.tag, source: this, context },
    );
  }
}

async function work(message, where) {
  expectTag(message.tag, `${where}: start`);
  await sleep(Math.random() * 2);
  expectTag(message.tag, `${where}: after await`);
  await Promise.all([1, 2].map(async () => expectTag(message.tag, `${where}: inner`)));
  expectTag(message.tag, `${where}: end`);
}

const ways = {
  async forOf(consumer) {
    for (const message of await consumer.receive()) {
      await work(message, 'forOf');
      if (Math.random() < 0.2) break;
    }
    expectTag(undefined, 'after forOf');
  },
  async entries(consumer) {
    for (const [, message] of (await consumer.receive()).entries()) await work(message, 'entries');
    expectTag(undefined, 'after entries');
  },
  async forAwait(consumer) {
    for await (const message of await consumer.receive()) await work(message, 'forAwait');
    expectTag(undefined, 'after forAwait');
  },
  async thrown(consumer) {
    try {
      for (const message of await consumer.receive()) {
        await work(message, 'thrown');
        throw new Error('stop');
      }
    } catch {}
    expectTag(undefined, 'after thrown');
  },
  async nested(consumer) {
    const other = new Consumer();
    for (const message of await consumer.receive()) {
      for (const inner of await other.receive()) await work(inner, 'nested');
      await work(message, 'around nested');
    }
    expectTag(undefined, 'after nested');
  },
  async callbacks(consumer) {
    const batch = await consumer.receive();
    await Promise.all(batch.map(message => work(message, 'map')));
    batch.forEach(message => {
      expectTag(message.tag, 'forEach');
    });
    batch.reduce((_, message) => expectTag(message.tag, 'reduce'), undefined);
    expectTag(undefined, 'after callbacks');
  },
  async copies(consumer) {
    const batch = await consumer.receive();
    for (const message of batch.filter(Boolean)) await work(message, 'filter');
    for (const message of batch.slice(1)) await work(message, 'slice');
    for (const message of batch.reverse()) await work(message, 'reverse');
    expectTag(undefined, 'after copies');
  },
  async index(consumer) {
    const batch = await consumer.receive();
    expectTag(undefined, 'before index');
    for (let i = 0; i < batch.length; i++) {
      const message = batch[i];
      await work(message, 'index');
    }
  },
  async shift(consumer) {
    const batch = await consumer.receive();
    for (let message = batch.shift(); message; message = batch.shift()) await work(message, 'shift');
  },
  async sharedIterator(consumer) {
    const iterator = (await consumer.receive(['gray', 'blue', undefined, 'gray', 'blue', 'gray'])).values();
    const worker = async () => {
      for (const message of iterator) await work(message, 'shared iterator');
      expectTag(undefined, 'after shared iterator');
    };
    await Promise.all([worker(), worker(), worker()]);
    expectTag(undefined, 'after shared iterators');
  },
  async byHand(consumer) {
    const { value } = (await consumer.receive(['gray', 'gray'])).values().next();
    await work(value, 'by hand');
    await consumer.receive([undefined]);
    expectTag(undefined, 'received again after by hand');
  },
  async byTurns(consumer) {
    const other = new Consumer();
    for (let i = 0; i < 5; i++) {
      const one = await consumer.receive(['gray']);
      await work(one[0], 'by turns');
      const two = await other.receive(['blue']);
      await work(two.at(0), 'by turns');
    }
    let depth = 0;
    for (let scope = context.scope(); scope?.taken; scope = scope.taken.outer) depth++;
    if (depth > 2) wrong.byTurns = `a chain of ${depth} scopes`;
    await other.receive([undefined]);
  },
  async looking(consumer) {
    const batch = await consumer.receive();
    JSON.stringify(batch);
    batch.includes(batch.length);
    require('node:util').inspect(batch);
    if (!Array.isArray(batch) || batch.length !== 4) wrong.looking = 'no array';
    expectTag(undefined, 'after looking');
  },
};

async function main(way) {
  const consumer = new Consumer();
  await consumer.startup();
  for (let round = 0; round < 8; round++) await ways[way](consumer);
  await consumer.receive([undefined]);
  expectTag(undefined, `received again after ${way}`);
}

Promise.all([...Object.keys(ways), 'forOf', 'index', 'forOf'].map(main)).then(() => {
  expectTag(undefined, 'at the end');
  console.log(JSON.stringify({ checks, wrong }));
});
