// Sends the same requests in every form that a client takes, each untagged, under `gray` and under `base`, to a server
// that keeps the bytes. Prints what was sent, by form, existing headers and tag. Run without the agent it prints what the
// application alone sends. Clients: `http`, `https`, `fetch`, or the directory of a copy of undici.
const { readFileSync } = require('node:fs');
const { once } = require('node:events');
const http = require('node:http');
const { createRequire } = require('node:module');
const net = require('node:net');
const path = require('node:path');
const { Readable } = require('node:stream');
const tls = require('node:tls');
const { runWithTag } = require('rocketmq-gray');
const rawServer = require('./raw-server.cjs');

const entries = count => Array.from({ length: count }, (_, i) => `key${i}=value%20${i};p=${i};q`).join(',');
/** The application's own headers, as pairs. */
const EXISTING = {
  none: [],
  one: [['Baggage', 'userId=alice;p=1 , serverNode = DF%2028;q']],
  twenty: [['baggage', entries(20)]],
  many: [['baggage', entries(180)]],
  own: [['baggage', 'a=1,gray_tag=old;x,b=2']],
  twice: [
    ['baggage', 'a=1'],
    ['baggage', 'b=2'],
  ],
  empty: [['baggage', '']],
};
const TAGS = { untagged: undefined, gray: 'gray', base: 'base' };

/** Nothing that the application passes in may be changed. */
function freeze(value) {
  if (
    typeof value === 'object' &&
    value !== null &&
    [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value))
  ) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}

const asObject = pairs => {
  const object = { 'X-Other': '1' };
  for (const [name, value] of pairs) object[name] = Object.hasOwn(object, name) ? [object[name], value].flat() : value;
  return freeze(object);
};
const asPairs = pairs => freeze([['X-Other', '1'], ...pairs]);
const asFlat = pairs => freeze(asPairs(pairs).flat());
const asHeaders = (pairs, { Headers } = globalThis) => new Headers(asPairs(pairs));

const drained = async request => {
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'close');
};

function nodeForms(module) {
  // The certificate is self-signed; no `Connection: keep-alive` of the global agent, so that all versions send the same.
  const base = { rejectUnauthorized: false, agent: false };
  const sent = request => drained(request.end());
  return {
    'request(options)': (url, pairs) => {
      const { hostname, port } = new URL(url);
      return sent(module.request(freeze({ ...base, hostname, port, path: '/options', headers: asObject(pairs) })));
    },
    'request(url, options)': (url, pairs) => sent(module.request(url, freeze({ ...base, headers: asObject(pairs) }))),
    'request(URL, options)': (url, pairs) =>
      sent(module.request(freeze(new URL(url)), freeze({ ...base, headers: asObject(pairs) }))),
    'get(url, options, callback)': (url, pairs) =>
      new Promise((resolve, reject) => {
        const options = freeze({ ...base, headers: asObject(pairs) });
        module.get(url, options, response => response.resume().on('close', resolve)).on('error', reject);
      }),
    'headers as flat array': (url, pairs) =>
      sent(module.request(url, freeze({ ...base, headers: ['host', 'x', ...asFlat(pairs)] }))),
    'headers as pairs': (url, pairs) =>
      sent(module.request(url, freeze({ ...base, headers: [['host', 'x'], ...asPairs(pairs)] }))),
    setHeader: (url, pairs) => {
      const request = module.request(url, base);
      for (const [name, value] of Object.entries(asObject(pairs))) request.setHeader(name, value);
      return sent(request);
    },
    'setHeader over headers': (url, pairs) => {
      const request = module.request(url, { ...base, headers: { BAGGAGE: 'first=1' } });
      for (const [name, value] of Object.entries(asObject(pairs))) request.setHeader(name, value);
      return sent(request);
    },
    'POST with a body': (url, pairs) =>
      drained(module.request(url, freeze({ ...base, method: 'POST', headers: asObject(pairs) })).end('the body')),
    'POST in chunks': (url, pairs) => {
      const request = module.request(url, freeze({ ...base, method: 'POST', headers: asObject(pairs) }));
      request.write('some ');
      return drained(request.end('more'));
    },
    flushHeaders: async (url, pairs) => {
      const request = module.request(url, freeze({ ...base, method: 'PUT', headers: asObject(pairs) }));
      request.flushHeaders();
      await new Promise(resolve => setImmediate(resolve));
      await drained(request.end());
    },
    Expect: async (url, pairs) => {
      const headers = freeze({ ...asObject(pairs), expect: '100-continue', 'content-length': 4 });
      const request = module.request(url, freeze({ ...base, method: 'POST', headers }));
      await once(request, 'continue');
      await drained(request.end('body'));
    },
    'without an agent': (url, pairs) => {
      const { hostname: host, port } = new URL(url);
      const createConnection = () =>
        module === http ? net.connect({ host, port }) : tls.connect({ host, port, rejectUnauthorized: false });
      return sent(module.request(url, freeze({ createConnection, headers: asObject(pairs) })));
    },
    'with an agent that keeps connections': async (url, pairs) => {
      const agent = new module.Agent({ keepAlive: true });
      for (let i = 0; i < 2; i++) await sent(module.request(url, { ...base, agent, headers: asObject(pairs) }));
      agent.destroy();
    },
  };
}

function fetchForms({ fetch, Request, Headers }) {
  const sent = async response => void (await (await response).text());
  return {
    'fetch(url, headers as object)': (url, pairs) =>
      // Two fields of one name have no object form here.
      sent(fetch(url, freeze({ headers: asObject([...new Map(pairs)]) }))),
    'fetch(url, headers as pairs)': (url, pairs) => sent(fetch(url, freeze({ headers: asPairs(pairs) }))),
    'fetch(url, Headers)': (url, pairs) => sent(fetch(url, freeze({ headers: asHeaders(pairs, { Headers }) }))),
    'fetch(URL)': (url, pairs) => sent(fetch(new URL(url), freeze({ headers: asPairs(pairs) }))),
    'fetch(Request)': (url, pairs) => sent(fetch(new Request(url, freeze({ headers: asPairs(pairs) })))),
    'fetch(Request, init)': (url, pairs) =>
      sent(fetch(new Request(url, { headers: { first: '1' } }), freeze({ headers: asPairs(pairs) }))),
    'fetch POST': (url, pairs) => sent(fetch(url, freeze({ method: 'POST', body: 'body', headers: asPairs(pairs) }))),
    'fetch POST of a stream': (url, pairs) =>
      sent(fetch(url, { method: 'POST', duplex: 'half', body: Readable.from(['a', 'b']), headers: asPairs(pairs) })),
    'fetch that is redirected': (url, pairs) => sent(fetch(`${url}redirect`, freeze({ headers: asPairs(pairs) }))),
  };
}

function undiciForms(undici, major) {
  const sent = async response => void (await (await response).body.text());
  const closing = async (dispatcher, fn) => {
    await fn(dispatcher);
    await dispatcher.close();
  };
  const forms = {
    'request(url)': (url, pairs) => sent(undici.request(url, freeze({ headers: asObject(pairs) }))),
    'request(URL), flat array': (url, pairs) => sent(undici.request(new URL(url), freeze({ headers: asFlat(pairs) }))),
    'request, POST': (url, pairs) =>
      sent(undici.request(url, freeze({ method: 'POST', body: 'body', headers: asObject(pairs) }))),
    'request, no options': (url, pairs) => (pairs.length === 0 ? sent(undici.request(url)) : undefined),
    stream: (url, pairs) =>
      undici.stream(url, freeze({ method: 'GET', headers: asObject(pairs) }), () =>
        new (require('node:stream').PassThrough)().resume(),
      ),
    pipeline: async (url, pairs) => {
      const options = freeze({ method: 'POST', headers: asObject(pairs) });
      const duplex = undici.pipeline(url, options, ({ body }) => body);
      duplex.end('body').resume();
      await once(duplex, 'end');
    },
    Client: (url, pairs) =>
      closing(new undici.Client(url), client =>
        sent(client.request(freeze({ path: '/', method: 'GET', headers: asObject(pairs) }))),
      ),
    'Pool, one connection': (url, pairs) =>
      closing(new undici.Pool(url, { connections: 1 }), pool =>
        sent(pool.request(freeze({ path: '/', method: 'GET', headers: asFlat(pairs) }))),
      ),
    BalancedPool: (url, pairs) =>
      closing(new undici.BalancedPool(url), pool =>
        sent(pool.request(freeze({ path: '/', method: 'GET', headers: asObject(pairs) }))),
      ),
    Agent: (url, pairs) =>
      closing(new undici.Agent(), dispatcher =>
        sent(undici.request(url, freeze({ dispatcher, headers: asObject(pairs) }))),
      ),
    'a redirected request': (url, pairs) => {
      const headers = asObject(pairs);
      if (major < 7) return sent(undici.request(`${url}redirect`, freeze({ maxRedirections: 2, headers })));
      const dispatcher = new undici.Agent().compose(undici.interceptors.redirect({ maxRedirections: 2 }));
      return closing(dispatcher, () => sent(undici.request(`${url}redirect`, freeze({ dispatcher, headers }))));
    },
  };
  // undici 5 has no RetryAgent, and takes no iterables.
  if (major > 5) {
    forms['a retried request'] = (url, pairs) => {
      failures = 2;
      const dispatcher = new undici.RetryAgent(new undici.Agent(), { minTimeout: 1, maxTimeout: 5 });
      return closing(dispatcher, () =>
        sent(undici.request(`${url}unavailable`, freeze({ dispatcher, headers: asObject(pairs) }))),
      );
    };
    forms['request, Headers'] = (url, pairs) => sent(undici.request(url, { headers: asHeaders(pairs, undici) }));
    forms['request, Map'] = (url, pairs) => sent(undici.request(url, { headers: new Map(asPairs(pairs)) }));
  }
  const ofFetch = Object.entries(fetchForms(undici)).map(([name, form]) => [`undici ${name}`, form]);
  return { ...forms, ...Object.fromEntries(ofFetch) };
}

/** How often `/unavailable` still fails. */
let failures = 0;
function answer({ path }) {
  if (path === '/redirect') return 'HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n';
  if (path === '/unavailable' && failures-- > 0) return 'HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n';
  return 'ok';
}

/** A TLS server before the raw one: it passes the bytes on. */
async function tlsBefore(port) {
  const [key, cert] = ['key.pem', 'cert.pem'].map(file => readFileSync(path.join(__dirname, file)));
  const server = tls.createServer({ key, cert }, socket => {
    const plain = net.connect(port, '127.0.0.1');
    socket.pipe(plain).pipe(socket);
    socket.on('error', () => plain.destroy());
  });
  await once(server.listen(0, '127.0.0.1').unref(), 'listening');
  return server.address().port;
}

async function main(client) {
  const target = await rawServer(answer);
  let url = `${target.origin}/`;
  let forms;
  if (client === 'http') forms = nodeForms(http);
  else if (client === 'https') {
    forms = nodeForms(require('node:https'));
    url = `https://127.0.0.1:${await tlsBefore(target.port)}/`;
  } else if (client === 'fetch') forms = fetchForms(globalThis);
  else {
    const load = createRequire(path.join(path.resolve(client), 'app.js'));
    forms = undiciForms(load('undici'), Number(load('undici/package.json').version.split('.')[0]));
  }
  const { port } = new URL(url);
  const result = {};
  for (const [form, send] of Object.entries(forms)) {
    for (const [existing, pairs] of Object.entries(EXISTING)) {
      // A TLS handshake for each request takes its time, and the code behind it is the same.
      if (client === 'https' && existing !== 'one') continue;
      for (const [name, tag] of Object.entries(TAGS)) {
        target.requests.length = 0;
        const call = () => send(url, pairs);
        await (tag === undefined ? call() : runWithTag(tag, call));
        result[`${form} | ${existing} | ${name}`] = target.requests.map(request => ({
          bytes: request.bytes.replaceAll(port, 'PORT'),
          baggage: request.all('baggage'),
        }));
      }
    }
  }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

main(process.argv[2]).catch(error => {
  console.error(error);
  process.exit(1);
});
