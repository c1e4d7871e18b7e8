// Two copies of undici in one bundle, and one that is installed under another name. Prints the baggage that each sends, and
// what is sent under a tag that the application names. By dispatchers of their own: the global one is hooked whoever made it.
const { activeTag, runWithTag } = require('rocketmq-gray');
const rawServer = require('../http/raw-server.cjs');
const copies = [require('../v5/node_modules/undici'), require('../v6/node_modules/undici'), require('renamed-undici')];

async function main() {
  const { origin } = await rawServer();
  const sent = [];
  const send = async ({ Agent, request }) => (await request(origin, { dispatcher: new Agent() })).body.json();
  for (const copy of copies) sent.push(await send(copy));
  const named = await runWithTag('blue', async () => [activeTag() ?? null, await send(copies[1])]);
  process.stdout.write(`${JSON.stringify({ sent, named })}\n`, () => process.exit(0));
}
main();
