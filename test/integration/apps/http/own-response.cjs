// An application that puts a Response of its own in place before its first `fetch`. Prints the baggage of two calls.
const rawServer = require('./raw-server.cjs');

globalThis.Response = class Response {};

async function main() {
  const target = await rawServer();
  const carried = async () => (await fetch(target.origin)).json();
  process.stdout.write(`${JSON.stringify([await carried(), await carried()])}\n`, () => process.exit(0));
}

main();
