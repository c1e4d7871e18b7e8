// An application with its own metrics SDK, which it registers at once or (`late`) after it has done some work. Prints what
// its reader collects: of the provider it registered first, and of the one that took its place.
const http = require('node:http');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { metrics } = require('@opentelemetry/api');
const { MeterProvider, MetricReader } = require('@opentelemetry/sdk-metrics');

class Reader extends MetricReader {
  async onShutdown() {}
  async onForceFlush() {}
}

function register() {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  // Before 1.9 of the SDK.
  if (typeof provider.addMetricReader === 'function') provider.addMetricReader(reader);
  const registered = metrics.setGlobalMeterProvider(provider);
  metrics.getMeter('own').createCounter('own.calls').add(7);
  return { reader, registered };
}

/** Waits until the reader has a metric of this name; all that it has then, by name. */
async function collect({ reader }, name) {
  for (;;) {
    const { resourceMetrics } = await reader.collect();
    const found = {};
    for (const { scope, metrics } of resourceMetrics.scopeMetrics) {
      for (const { descriptor, dataPoints } of metrics) {
        found[descriptor.name] = {
          scope: scope.name,
          unit: descriptor.unit,
          points: dataPoints.map(({ value, attributes }) => [value, attributes]),
        };
      }
    }
    if (name in found) return found;
    await sleep(50);
  }
}

async function main() {
  const globals = () => globalThis[Symbol.for('opentelemetry.js.api.1')];
  const before = { globals: globals() === undefined };
  const isLate = process.argv.includes('late');
  let first = isLate ? undefined : register();
  // Of a copy that is not what it should be: a hook fails.
  require('nacos-naming');
  const server = http.createServer((_request, response) => response.end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const call = tag => fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { 'x-mse-tag': tag } });
  await call('a_b');
  await call('gray');
  if (isLate) {
    await sleep(1200);
    first = register();
  }
  const found = await collect(first, 'rocketmq_gray.agent.info');
  metrics.disable();
  const second = register();
  await call('c_d');
  const again = await collect(second, 'rocketmq_gray.agent.info');
  process.stdout.write(`${JSON.stringify({ before, registered: first.registered, found, again })}\n`, () =>
    process.exit(0),
  );
}

main();
