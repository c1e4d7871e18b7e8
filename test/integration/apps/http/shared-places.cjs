// What can be seen of the places where copies of undici share their dispatcher: before there is one, when an application has
// put something there, and when undici has. Prints it as JSON.
const places = [1, 2].map(n => Symbol.for(`undici.globalDispatcher.${n}`));
const seen = () =>
  places.map(place => {
    const { value, ...flags } = Object.getOwnPropertyDescriptor(globalThis, place) ?? {};
    return { ...flags, kind: typeof value, read: typeof globalThis[place], isSame: globalThis[place] === value };
  });
const keys = () => Object.getOwnPropertySymbols(globalThis).filter(symbol => places.includes(symbol)).length;

const result = [seen(), keys()];
if (process.argv[2] === 'assigned') {
  for (const place of places) globalThis[place] = { dispatch() {} };
  result.push(seen(), keys());
  for (const place of places) delete globalThis[place];
  result.push(seen(), keys());
}
void globalThis.Headers;
result.push(seen(), keys());
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
