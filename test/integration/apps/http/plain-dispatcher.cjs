// The global fetch with an object of the application in the place of the dispatcher. Prints the baggage that was sent before
// and afterwards.
const rawServer = require('./raw-server.cjs');

const PLACES = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map(Symbol.for);

async function main() {
  const { origin } = await rawServer();
  const sent = [await (await fetch(origin)).json()];
  for (const place of PLACES) {
    const real = globalThis[place];
    if (real === undefined) continue;
    const value = { dispatch: (options, handler) => real.dispatch(options, handler) };
    Object.defineProperty(globalThis, place, { ...Object.getOwnPropertyDescriptor(globalThis, place), value });
  }
  sent.push(await (await fetch(origin)).json());
  process.stdout.write(`${JSON.stringify(sent)}\n`, () => process.exit(0));
}
main();
