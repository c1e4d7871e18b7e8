// Calls every instance of `service` (APP) at once whenever a listener hears of them, and says who answered. Asked for
// /getAllInstances or /selectInstances, it makes that query once, beside its subscription, and calls those that it had heard of.
const http = require('node:http');
const { connect, settings } = require('./client');

const { service, namespaces = ['public'], mutates } = settings;
const say = line => console.log(JSON.stringify(line));

const call = ({ ip, port }) =>
  new Promise(resolve => {
    const request = http.get({ host: ip, port, agent: false }, response => {
      let body = '';
      response.on('data', chunk => (body += chunk)).on('end', () => resolve(JSON.parse(body).name));
    });
    request.on('error', error => resolve(error.code));
  });
const callAll = async hosts => (await Promise.all(hosts.map(call))).sort();

async function main() {
  const clients = await Promise.all(namespaces.map(connect));
  const kept = {};
  clients.forEach((client, index) => {
    const namespace = namespaces[index];
    client.subscribe(service, async hosts => {
      kept[namespace] = hosts.map(({ ip, port }) => ({ ip, port }));
      const answers = callAll(kept[namespace]);
      if (mutates) for (const host of hosts.splice(0)) Object.assign(host, { ip: '127.0.0.9', metadata: {} });
      say({ namespace, heard: await answers });
    });
  });
  const server = http.createServer(async (request, response) => {
    const method = request.url.slice(1);
    for (const client of clients) {
      const live = await client.getAllInstances(service, 'DEFAULT_GROUP', 'DEFAULT');
      const before = JSON.stringify(live);
      const clusters = method === 'selectInstances' ? ['', true] : [''];
      await client[method](service, 'DEFAULT_GROUP', ...clusters, false);
      if (JSON.stringify(live) !== before) throw new Error('the list of the client was changed');
    }
    response.end(JSON.stringify(await callAll(Object.values(kept).flat())));
  });
  server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
}
main();
