// What an application may do with dispatchers of undici, while calls of one environment meet addresses of another. Prints
// what came of each, by name.
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { runWithTag } = require('rocketmq-gray');
const { connect, settings } = require('./client');

const undici = require(settings.undici);
const major = Number(require(`${settings.undici}/package.json`).version.split('.')[0]);
const { Agent, BalancedPool, Client, MockAgent, Pool, ProxyAgent, interceptors } = undici;

const GET = Object.freeze({ path: '/', method: 'GET' });
const gray = fn => runWithTag('gray', fn);
const read = async ({ statusCode, headers, body }) => {
  const text = await body.text();
  return statusCode === 200 ? { ...JSON.parse(text), headers } : statusCode;
};
const name = async answer => (await read(await answer)).name;
const codeOf = promise =>
  promise.then(
    () => 'no error',
    error => error.code,
  );

/** Each gets the addresses of the instances, by their environment. */
const SCENARIOS = {
  async 'a Client keeps its options'({ base }) {
    const limited = new Client(base, { maxResponseSize: 10 });
    const got = { limit: await codeOf(gray(() => limited.request(GET).then(read))) };
    const h2 = new Client(base, { allowH2: true, keepAliveTimeout: 50 });
    got.allowH2 = await gray(() => name(h2.request(GET)));
    await Promise.all([limited.close(), h2.close()]);
    if (major > 6) return { ...got, interceptors: 'asked', redirected: 'gray' };
    const asked = dispatch => (options, handler) =>
      dispatch({ ...options, headers: { ...options.headers, 'x-asked': 'asked' } }, handler);
    const intercepted = new Client(base, { interceptors: { Client: [asked] } });
    got.interceptors = (await gray(async () => read(await intercepted.request(GET)))).asked;
    const redirecting = new Client(base, { maxRedirections: 2 });
    got.redirected = await gray(() => name(redirecting.request({ ...GET, path: '/redirect' })));
    await Promise.all([intercepted.close(), redirecting.close()]);
    return got;
  },

  async 'a loop that waits for drain goes on'({ base }) {
    const got = {};
    for (const Kind of [Client, Pool]) {
      for (const path of ['/', '/close']) {
        const dispatcher = new Kind(base, Kind === Pool ? { connections: 1 } : {});
        const names = [];
        const ends = [];
        for (let i = 0; i < 12; i++) {
          const ended = new Promise((resolve, reject) => {
            const takesMore = gray(() => dispatcher.dispatch({ ...GET, path }, handlerOf(names, resolve, reject)));
            ends.push(takesMore);
          });
          const wait = ends.at(-1) ? undefined : once(dispatcher, 'drain');
          // The last one of a client is done before it drains.
          await Promise.all([wait, i === 11 ? ended : undefined]);
        }
        got[`${Kind.name} ${path}`] = [new Set(names).size === 1 && names[0], names.length, ends.includes(false)];
        await dispatcher.close();
      }
    }
    return got;
  },

  async 'events are those of the dispatcher'({ base, gray: grayBase }) {
    const pool = new Pool(base);
    const seen = [];
    for (const event of ['connect', 'disconnect'])
      pool.on(event, (url, targets) =>
        seen.push([event, url.origin === grayBase, targets[0] === pool, targets.length]),
      );
    await gray(() => name(pool.request(GET)));
    await pool.close();
    return seen;
  },

  async 'destroy ends calls that hang, also after close'({ base }) {
    const got = {};
    for (const Kind of [Client, Pool]) {
      const dispatcher = new Kind(base);
      const hanging = codeOf(gray(() => dispatcher.request({ ...GET, path: '/hang' })));
      await once(dispatcher, 'connect');
      const closed = dispatcher.close();
      await dispatcher.destroy();
      got[Kind.name] = [await hanging, await codeOf(closed)];
    }
    return got;
  },

  async 'one that was closed or destroyed refuses'({ base }) {
    const got = [];
    for (const target of [base, undefined]) {
      for (const end of ['close', 'destroy']) {
        const dispatcher = target === undefined ? new Agent() : new Pool(target);
        const call = () => gray(() => dispatcher.request({ ...GET, origin: base }));
        await (await call()).body.dump();
        const ended = dispatcher[end]();
        got.push(await codeOf(call()));
        await ended;
      }
    }
    return got;
  },

  async 'classes of the application'({ base }) {
    let dispatched = 0;
    class Fixed extends Pool {
      constructor() {
        super(base, { connections: 1 });
      }
      dispatch(options, handler) {
        dispatched++;
        return super.dispatch({ ...options }, handler);
      }
    }
    class Late extends Client {
      dispatch(options, handler) {
        late = () => super.dispatch(options, handler);
        return true;
      }
    }
    let late;
    const fixed = new Fixed();
    const got = [await gray(() => name(fixed.request(GET))), dispatched];
    const client = new Late(base);
    const answer = gray(() => name(client.request(GET)));
    late();
    got.push(await answer);
    await Promise.all([fixed.close(), client.destroy()]);
    return got;
  },

  async 'other spellings of a host'({ base }) {
    const { port } = new URL(base);
    const agent = new Agent();
    const got = [];
    for (const origin of [`http://127.1:${port}`, `HTTP://127.0.0.1.:${port}`, `http://0x7f000001:${port}`]) {
      got.push(await gray(() => name(agent.request({ ...GET, origin }))));
      got.push(await gray(() => name(agent.request({ ...GET, origin: new URL(origin) }))));
    }
    await agent.close();
    return [...new Set(got)];
  },

  async 'mocks answer for what they mock'({ base }) {
    const agent = new MockAgent();
    agent
      .get(base)
      .intercept({ ...GET })
      .reply(200, { name: 'mock' })
      .persist();
    const got = [
      await gray(() => name(undici.request(base, { dispatcher: agent }))),
      await gray(() => name(agent.get(base).request(GET))),
      await gray(async () => (await (await undici.fetch(base, { dispatcher: agent })).json()).name),
    ];
    await agent.close();
    return got;
  },

  async 'composed interceptors'({ base }) {
    if (major < 6) return ['gray', 'gray', 'base'];
    const agent = new Agent().compose(
      interceptors.retry({ minTimeout: 1 }),
      interceptors.redirect({ maxRedirections: 2 }),
    );
    const pool = new Pool(base).compose(interceptors.redirect({ maxRedirections: 2 }));
    const redirect = { ...GET, path: '/redirect', origin: base };
    const got = [
      await gray(() => name(agent.request(redirect))),
      await gray(() => name(pool.request(redirect))),
      await name(agent.request(redirect)),
    ];
    await Promise.all([agent.close(), pool.close()]);
    return got;
  },

  async 'answers kept for one environment are not given to another'({ base }) {
    if (major < 7) return { names: ['base', 'gray', 'base', 'base', 'gray', 'base'], answers: 3 };
    const agent = new Agent().compose(interceptors.cache());
    const asked = [];
    for (const tag of [undefined, 'gray', 'blue', undefined, 'gray', 'blue']) {
      const ask = async () => read(await agent.request({ ...GET, path: '/cached', origin: base }));
      asked.push(await (tag === undefined ? ask() : runWithTag(tag, ask)));
    }
    await agent.close();
    return { names: asked.map(one => one.name), answers: new Set(asked.map(one => one.id)).size };
  },

  async 'calls at once are one only within an environment'({ base }) {
    if (!interceptors?.deduplicate) return ['base', 'gray', 'gray', 'base'];
    const agent = new Agent().compose(interceptors.deduplicate());
    const ask = () => name(agent.request({ ...GET, origin: base }));
    const got = await Promise.all([ask(), gray(ask), gray(ask), ask()]);
    await agent.close();
    return got;
  },

  async 'what nobody calls any more is given up once another is needed'({ base, gray: grayBase }) {
    const pool = new Pool(base, { keepAliveTimeout: 600_000, keepAliveMaxTimeout: 600_000 });
    await gray(() => name(pool.request(GET)));
    const gone = once(pool, 'disconnect');
    const now = Date.now;
    Date.now = () => now() + 3_600_000;
    const got = [await runWithTag('green', () => name(pool.request(GET)))];
    Date.now = now;
    got.push((await gone)[0].origin === grayBase, await gray(() => name(pool.request(GET))));
    await pool.close();
    return got;
  },

  async 'a BalancedPool'({ base, green }) {
    const pool = new BalancedPool([base, green]);
    const got = await Promise.all([0, 1, 2, 3].map(() => gray(() => name(pool.request(GET)))));
    got.push(await name(pool.request(GET)), await name(pool.request(GET)));
    await pool.close();
    return [...new Set(got)];
  },

  async 'through a proxy'(addresses) {
    const { base } = addresses;
    // undici 8 asks it for a whole URL: whose it is.
    const proxy = http.createServer((request, response) => {
      const { origin } = new URL(request.url);
      response.end(JSON.stringify({ name: Object.keys(addresses).find(name => addresses[name] === origin) }));
    });
    proxy.on('connect', (request, socket) => {
      const { hostname, port } = new URL(`http://${request.url}`);
      const upstream = net.connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const agent = new ProxyAgent(`http://127.0.0.1:${proxy.address().port}`);
    const got = [
      await gray(() => name(undici.request(base, { dispatcher: agent }))),
      await name(undici.request(base, { dispatcher: agent })),
    ];
    await agent.destroy();
    proxy.close();
    return got;
  },
};

function handlerOf(names, resolve, reject) {
  let body = '';
  return {
    onConnect() {},
    onHeaders: () => true,
    onData: chunk => {
      body += chunk;
      return true;
    },
    onComplete() {
      names.push(JSON.parse(body).name);
      resolve();
    },
    onError: reject,
    onRequestStart() {},
    onResponseStart() {},
    onResponseData: (_controller, chunk) => {
      body += chunk;
    },
    onResponseEnd() {
      this.onComplete();
    },
    onResponseError: (_controller, error) => reject(error),
  };
}

async function main() {
  const client = await connect();
  const hosts = await new Promise(resolve =>
    client.subscribe(settings.service, hosts => hosts.length === settings.instances && resolve(hosts)),
  );
  const addresses = Object.fromEntries(
    hosts.map(({ ip, port, metadata }) => [metadata.gray_tag ?? 'base', `http://${ip}:${port}`]),
  );
  const got = {};
  for (const [title, run] of Object.entries(SCENARIOS)) {
    got[title] = await Promise.race([
      run(addresses).catch(error => String(error.stack)),
      new Promise(resolve => setTimeout(resolve, 10_000, 'does not end').unref()),
    ]);
  }
  console.log(`got ${JSON.stringify(got)}`);
  process.exit(0);
}
main();
