// Headers of every kind that undici takes, given to composed interceptors of its own and of the application. Prints what came
// of each call: what the server got, and which kind the interceptor saw. Argument: the directory of a copy of undici.
const { createServer } = require('node:http');
const { once } = require('node:events');
const { createRequire } = require('node:module');
const path = require('node:path');

const { Agent, Headers, interceptors, request } = createRequire(path.resolve(process.argv[2], 'app.js'))('undici');

class Named extends Headers {
  constructor(name, pairs) {
    super(pairs);
    this.name = name;
  }
}
/** Keys that are not as harmless as they look. */
const hostile = () => Object.defineProperty({ a: '1' }, '__proto__', { value: 'own', enumerable: true });
const shadowing = () => {
  const frozen = Object.freeze({ a: '0', baggage: 'inherited' });
  return Object.create(frozen, { a: { value: '1', enumerable: true }, baggage: { value: 'b=2', enumerable: true } });
};
const KINDS = {
  Headers: () => new Headers({ a: '1' }),
  'Headers of Node.js': () => new globalThis.Headers({ a: '1' }),
  'Headers of a class': () => new Named('x', { a: '1' }),
  Map: () => new Map([['a', '1']]),
  iterable: () => new Map([['a', '1']]).entries(),
  object: () => ({ a: '1' }),
  'object with __proto__': hostile,
  'object that shadows': shadowing,
  'flat array': () => ['a', '1'],
  undefined: () => undefined,
};
const kindOf = headers => (Array.isArray(headers) ? 'Array' : headers?.constructor?.name);
const OWN = {
  none: undefined,
  'new Headers(headers)': dispatch => (options, handler) => {
    const headers = new Headers(options.headers);
    headers.set('authorization', 'x');
    return dispatch({ ...options, headers }, handler);
  },
  'headers.set': dispatch => (options, handler) => {
    options.headers.set('authorization', 'x');
    return dispatch(options, handler);
  },
  ...Object.fromEntries(
    ['cache', 'deduplicate', 'retry', 'redirect']
      .filter(name => interceptors?.[name] !== undefined)
      .map(name => [name, interceptors[name]()]),
  ),
};

async function main() {
  const server = createServer((req, res) => {
    const { a, authorization, baggage, __proto__: own } = req.headers;
    res.setHeader('cache-control', 'max-age=9');
    res.end(JSON.stringify({ a, authorization, baggage, own: typeof own === 'string' ? own : undefined }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  const result = {};
  let n = 0;
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const [name, interceptor] of Object.entries(OWN)) {
      // Fails by itself.
      if (kind === 'undefined' && name === 'headers.set') continue;
      let seen;
      const look = dispatch => (options, handler) => {
        seen ??= kindOf(options.headers);
        return dispatch(options, handler);
      };
      const dispatcher = new Agent().compose(...(interceptor ? [interceptor] : []), look);
      try {
        const headers = make();
        const { body } = await request(`${url}/${n++}`, { dispatcher, headers });
        result[`${kind}, ${name}`] = { seen, sent: await body.json() };
      } catch (error) {
        result[`${kind}, ${name}`] = { seen, error: error.message };
      }
    }
  }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}
main();
