// Calls that wait for a connection, with a tag that comes by the application's own baggage alone. Prints what they carry.
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { context, propagation } = require('@opentelemetry/api');
const { Pool } = require('undici');
const rawServer = require('../http/raw-server.cjs');

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

async function main() {
  const target = await rawServer(request => JSON.stringify([request.path, request.all('baggage')]));
  const pool = new Pool(target.origin, { connections: 1 });
  const call = async path => (await pool.request({ path, method: 'GET' })).body.json();
  const baggage = propagation.createBaggage({ gray_tag: { value: 'gray' } });
  const tagged = path => context.with(propagation.setBaggage(context.active(), baggage), () => call(path));
  const calls = [call('/first'), tagged('/gray'), call('/untagged'), tagged('/gray'), call('/last')];
  process.stdout.write(`${JSON.stringify(await Promise.all(calls))}\n`, () => process.exit(0));
}

main();
