// Two copies of undici, each loaded by require and by import, and our package as another copy than the preloaded one.
const { createRequire } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const rawServer = require('../http/raw-server.cjs');

async function main() {
  const { origin } = await rawServer();
  const result = {};
  for (const directory of process.argv.slice(2)) {
    const load = createRequire(path.join(path.resolve(directory), 'app.js'));
    const required = load('undici');
    const imported = await import(pathToFileURL(load.resolve('undici')));
    const gray = load('rocketmq-gray');
    result[directory] = {
      required: await (await required.request(origin)).body.json(),
      imported: await (await imported.request(origin)).body.json(),
      tagged: await gray.runWithTag('blue', async () => [
        gray.activeTag(),
        ...(await (await required.request(origin)).body.json()),
      ]),
      fetched: await (await required.fetch(origin)).json(),
    };
  }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
main();
