// In place of the policy: does with the stand-ins of the process's consumer what the test orders. Preloaded.
require('rocketmq-gray/register');
const http = require('node:http');
const agent = globalThis[Symbol.for('rocketmq-gray.agent')];
const { messages } = agent;
let plan;
let maker;
const subscribed = new Map();
const standIns = new Map();

Object.defineProperty(agent, 'messages', {
  value: {
    ...messages,
    announce() {},
    plan(group, client) {
      plan = messages.plan(group, client);
      plan.isFiltered = true;
      if (!client.knowsSql92) plan.filterInClient();
      return plan;
    },
    async prepare(_plan, subscriptions, _connection, standInMaker) {
      maker = standInMaker;
      for (const subscription of subscriptions) {
        subscribed.set(subscription.topic, subscription);
        for (const standIn of standIns.values()) await standIn.subscribe(subscription);
      }
    },
    async leaving() {
      await Promise.all([...standIns.values()].map(standIn => standIn.leave()));
      console.log(JSON.stringify({ standInsEnded: true }));
    },
    async left() {
      console.log(JSON.stringify({ left: true }));
    },
  },
});

const orders = {
  leaveOut: tags => {
    for (const topic of subscribed.keys()) plan.leaveOut(topic, tags);
  },
  async start(tag) {
    standIns.set(tag, await maker.start(plan.standIn(tag), [...subscribed.values()]));
  },
  async leave(tag) {
    const standIn = standIns.get(tag);
    standIns.delete(tag);
    await standIn.leave();
  },
};

const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  const since = Date.now();
  try {
    for (const [name, argument] of Object.entries(JSON.parse(body))) await orders[name](argument);
    response.end(JSON.stringify({ ms: Date.now() - since }));
  } catch (error) {
    response.writeHead(500).end(error.stack);
  }
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ driver: server.address().port })));
server.unref();
