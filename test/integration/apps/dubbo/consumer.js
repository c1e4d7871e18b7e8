// A plain consumer application: each HTTP request makes one call of the Dubbo service from within the request. The
// consumer itself is only made with the first request, so that the first call finds no connection.
const http = require('node:http');
const { Dubbo, DubboDirectlyInvoker, java } = require('apache-dubbo-consumer');
const registryAt = require('./registry.js');

const { service, address, attachments, direct, timeout } = JSON.parse(process.env.APP);
const methods = { who: id => [java.String(id)] };
let dubbo;

function connect() {
  const made = Dubbo.from({
    application: { name: 'consumer' },
    dubboVersion: '2.0.2',
    registry: registryAt(address),
    dubboInvokeTimeout: timeout,
    services: { who: proxy => proxy.proxyService({ dubboInterface: service, methods }) },
  });
  if (attachments !== undefined) {
    made.use(async (ctx, next) => {
      ctx.attachments = attachments;
      await next();
      if (JSON.stringify(ctx.attachments) !== JSON.stringify(attachments)) throwLater('the attachments were changed');
    });
  }
  return made;
}

/** The library swallows what a middleware throws. */
function throwLater(message) {
  setImmediate(() => {
    throw new Error(message);
  });
}

/** To one address, without a registry. */
function connectDirectly() {
  const invoker = DubboDirectlyInvoker.from({ dubboHost: direct, dubboVersion: '2.0.2' });
  const who = invoker.proxyService({ dubboInterface: service, methods, attachments });
  return { ready() {}, service: { who } };
}

async function call(id) {
  dubbo ??= direct === undefined ? connect() : connectDirectly();
  await dubbo.ready();
  const { res, err } = await dubbo.service.who.who(id);
  if (err) throw err;
  return res;
}

const server = http.createServer((request, response) => {
  call(request.url.slice(1)).then(
    result => response.end(result),
    error => response.writeHead(500).end(String(error.stack ?? error)),
  );
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
