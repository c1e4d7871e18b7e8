// Two copies of undici in one bundle, and one that is installed under another name. Prints the baggage that each sends, and
// what is sent under a tag that the application names.
const { activeTag, runWithTag } = require('rocketmq-gray');
const rawServer = require('../http/raw-server.cjs');
const copies = [require('../v5/node_modules/undici'), require('../v6/node_modules/undici'), require('renamed-undici')];

async function main() {
  const { origin } = await rawServer();
  const sent = [];
  for (const { request } of copies) sent.push(await (await request(origin)).body.json());
  const named = await runWithTag('blue', async () => [
    activeTag() ?? null,
    await (await copies[1].request(origin)).body.json(),
  ]);
  process.stdout.write(`${JSON.stringify({ sent, named })}\n`, () => process.exit(0));
}
main();
