// A plain provider application of one Dubbo service; on SIGTERM it leaves the registry and ends when no
// more calls come.
const { setTimeout: sleep } = require('node:timers/promises');
const { DubboService } = require('apache-dubbo-service');
const echo = require('../clients/echo.js');
const registryAt = require('./registry.js');

const { name, service, address } = JSON.parse(process.env.APP);
const say = line => console.log(JSON.stringify(line));
const registry = registryAt(address);
let calls = 0;

const server = DubboService.from({
  registry,
  services: {
    who: {
      dubboInterface: service,
      methods: {
        /** Who answers, what came with the call, and the baggage that a call of the handler carries. */
        async who(id, ctx) {
          calls++;
          await sleep(Math.random() * 10);
          const { baggage } = await echo();
          const { gray_tag, __microservice_tag__, custom } = ctx.request.attachment;
          return JSON.stringify({ id, name, baggage, attachments: { gray_tag, __microservice_tag__, custom } });
        },
      },
    },
  },
});

process.on('SIGTERM', async () => {
  const url = new URL(server.buildUrl(server.services.who));
  await registry.getClient().deregisterInstance(service, { ip: url.hostname, port: Number(url.port) });
  // Until consumers have heard of it: a push takes half a second, one that is lost ten.
  for (let before = -1; before !== calls; await sleep(500)) before = calls;
  process.exit(0);
});

server.ready().then(() => say({ ready: server.getPort() }));
