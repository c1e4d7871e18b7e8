// A plain application with the client `nacos`: registers an instance of `service` (APP) and prints the instances that its
// subscription to that service brings. It knows nothing of the agent.
const { NacosNamingClient } = require('nacos');

const { address, service, instance } = JSON.parse(process.env.APP);
const say = line => console.log(JSON.stringify(line));
const logger = { debug() {}, info() {}, warn: console.error, error: console.error };

async function main() {
  const client = new NacosNamingClient({ logger, serverList: address, namespace: 'public' });
  await client.ready();
  client.subscribe(service, hosts => {
    say({ instances: hosts.map(({ ip, port, metadata }) => ({ ip, port, metadata })) });
  });
  await client.registerInstance(service, instance);
  say({ registered: service });
}

main();
