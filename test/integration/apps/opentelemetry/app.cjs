// An application with its own OpenTelemetry SDK, preloaded or not, with or without the HTTP instrumentation. Prints what
// it sees of its own set-up, and the headers that its calls carry.
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { context, propagation } = require('@opentelemetry/api');
const { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } = require('@opentelemetry/core');

const contextManager = new AsyncLocalStorageContextManager();
const propagator = new CompositePropagator({
  propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
});
if (process.argv.includes('sdk')) {
  const { NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');
  new NodeTracerProvider().register({ contextManager, propagator });
} else {
  context.setGlobalContextManager(contextManager.enable());
  propagation.setGlobalPropagator(propagator);
}
const globals = globalThis[Symbol.for('opentelemetry.js.api.1')];
const registered = {
  contextManager: globals.context === contextManager,
  propagator: globals.propagation === propagator,
};
if (process.argv.includes('instrumented')) {
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
  new HttpInstrumentation();
}

const http = require('node:http');
const { once } = require('node:events');
const net = require('node:net');
const { activeTag, runWithTag } = require('rocketmq-gray');
const rawServer = require('../http/raw-server.cjs');

const entries = () => {
  const baggage = propagation.getBaggage(context.active());
  const all = Object.fromEntries((baggage?.getAllEntries() ?? []).map(([key, entry]) => [key, entry.value]));
  const metadata = baggage?.getEntry('meta')?.metadata?.toString();
  return metadata === undefined ? all : { ...all, metadata };
};

async function main() {
  const target = await rawServer();
  const call = async headers => {
    const [response] = await once(http.get(target.origin, { headers, agent: false }), 'response');
    let body = '';
    for await (const chunk of response) body += chunk;
    return JSON.parse(body);
  };
  /** As an application without automatic instrumentation does it. */
  const inject = () => {
    const headers = {};
    propagation.inject(context.active(), headers);
    return headers;
  };
  const withOwn = fn => {
    const baggage = (propagation.getBaggage(context.active()) ?? propagation.createBaggage()).setEntry('user', {
      value: 'alice b',
    });
    return context.with(propagation.setBaggage(context.active(), baggage), fn);
  };

  const server = http.createServer(async (req, res) => {
    const result = { active: activeTag() ?? null, entries: entries() };
    result.plain = await call({});
    result.injected = await call(inject());
    result.afterAwait = entries();
    result.withOwn = await withOwn(async () => [activeTag() ?? null, entries(), await call(inject())]);
    req.on('end', () => {
      result.atEnd = [activeTag() ?? null, entries()];
      res.end(JSON.stringify(result));
    });
    req.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const requests = {
    tagged: 'baggage: gray_tag=gray,meta=1;p=1',
    untagged: 'x: y',
    foreign: 'baggage: a=1',
    mse: 'x-mse-tag: gray',
    malformed: 'baggage: gray_tag=a_b',
  };
  const socket = net.connect(server.address().port, '127.0.0.1').setEncoding('utf8');
  const results = { registered };
  for (const [name, header] of Object.entries(requests)) {
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${header}\r\ncontent-length: 2\r\n\r\n12`);
    let answer = '';
    while (!/\r\n0\r\n\r\n$/.test(answer) && !complete(answer)) answer += (await once(socket, 'data'))[0];
    results[name] = JSON.parse(/\{.*\}/s.exec(answer)[0]);
  }
  results.runWithTag = await runWithTag('blue', async () => [activeTag(), entries(), await call(inject())]);
  // The tag may come by the application's own baggage alone: from a queue that the agent does not know.
  const own = propagation.createBaggage({ gray_tag: { value: 'queue' } });
  results.fromBaggage = await context.with(propagation.setBaggage(context.active(), own), async () => [
    activeTag() ?? null,
    await call({}),
    await call(inject()),
  ]);
  results.outside = [activeTag() ?? null, entries()];
  process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
}

function complete(answer) {
  const headEnd = answer.indexOf('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(answer)?.[1];
  return headEnd >= 0 && length !== undefined && answer.length >= headEnd + 4 + Number(length);
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
