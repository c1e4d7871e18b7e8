// Makes one call with each client, and a consumer of the RocketMQ client: what the agent does to them shows whether it
// works in this process, and once. Given the modules of an application, CommonJS or not.
const rawServer = require('../http/raw-server.cjs');

module.exports = async function probe({ http, undici, rocketmq, activeTag, runWithTag }) {
  const target = await rawServer();
  const viaHttp = () =>
    new Promise((resolve, reject) => {
      const read = async response => {
        let body = '';
        for await (const chunk of response) body += chunk;
        resolve(JSON.parse(body));
      };
      http.get(target.origin, { agent: false }, response => read(response).catch(reject)).on('error', reject);
    });
  const consumer = new rocketmq.PushConsumer({
    consumerGroup: 'orders',
    endpoints: '127.0.0.1:1',
    namespace: '',
    subscriptions: new Map([['TEST_MQ', '*']]),
    messageListener: { consume: () => 0 },
  });
  return {
    http: await viaHttp(),
    fetch: await (await fetch(target.origin)).json(),
    undici: await (await undici.request(target.origin)).body.json(),
    within: await runWithTag('blue', async () => [activeTag(), ...(await viaHttp())]),
    outside: activeTag() ?? null,
    isConsumer: consumer instanceof rocketmq.PushConsumer && consumer.constructor === rocketmq.PushConsumer,
  };
};
