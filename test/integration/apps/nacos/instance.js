// A plain application with the client `nacos`: registers an instance of `service` (APP) and prints the instances that its
// subscription to that service brings. It knows nothing of the agent.
const { connect, settings } = require('./client');

const { service, instance } = settings;
const say = line => console.log(JSON.stringify(line));

async function main() {
  const client = await connect();
  client.subscribe(service, hosts => {
    say({ instances: hosts.map(({ ip, port, metadata }) => ({ ip, port, metadata })) });
  });
  await client.registerInstance(service, instance);
  say({ registered: service });
}

main();
