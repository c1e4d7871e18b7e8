// The global fetch with a global dispatcher that the application set, before or after its first use, from a copy of
// undici. Prints the baggage headers of each call.
const { createRequire } = require('node:module');
const path = require('node:path');
const { runWithTag } = require('rocketmq-gray');
const rawServer = require('./raw-server.cjs');

async function main(directory, order) {
  const { origin } = await rawServer();
  const call = async () => (await fetch(origin, { headers: { baggage: 'a=1' } })).json();
  const calls = async () => [await call(), await runWithTag('gray', call)];
  const result = [];
  if (order === 'after') result.push(...(await calls()));
  const { Agent, getGlobalDispatcher, setGlobalDispatcher } = createRequire(
    path.join(path.resolve(directory), 'app.js'),
  )('undici');
  setGlobalDispatcher(new Agent({ connections: 1 }));
  result.push(...(await calls()));
  setGlobalDispatcher(
    getGlobalDispatcher().compose(dispatch => (options, handler) => dispatch({ ...options }, handler)),
  );
  result.push(...(await calls()));
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
main(...process.argv.slice(2)).catch(error => {
  console.error(error);
  process.exit(1);
});
