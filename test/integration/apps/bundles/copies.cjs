// Two copies of undici in one bundle, and one that is installed under another name. Prints the baggage that each sends.
const rawServer = require('../http/raw-server.cjs');
const copies = [require('../v5/node_modules/undici'), require('../v6/node_modules/undici'), require('renamed-undici')];

async function main() {
  const { origin } = await rawServer();
  const sent = [];
  for (const { request } of copies) sent.push(await (await request(origin)).body.json());
  process.stdout.write(`${JSON.stringify(sent)}\n`, () => process.exit(0));
}
main();
