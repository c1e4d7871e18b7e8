// Calls `service` for whoever calls it, in the way that the path names: /fetch, /http … From a list that was handed out once
// and is kept (/kept), or from a query for each call. The answer: what the service answered, and which port was meant.
const http = require('node:http');
const https = require('node:https');
const { connect, settings } = require('./client');

const { service, secureService } = settings;
const undici = require(settings.undici);

const text = response =>
  new Promise((resolve, reject) => {
    let body = '';
    response
      .on('data', chunk => (body += chunk))
      .on('end', () => resolve(body))
      .on('error', reject);
  });
const node = (module, options, prepare = request => request.end()) =>
  new Promise((resolve, reject) => {
    const request = module.request(options, response => text(response).then(resolve, reject));
    request.on('error', reject);
    prepare(request);
  });

const dispatchers = new Map();
const dispatcher = (Kind, url, options) => {
  const key = `${Kind.name} ${url}`;
  if (!dispatchers.has(key)) dispatchers.set(key, new Kind(url, options));
  return dispatchers.get(key);
};
const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 4 });

const WAYS = {
  'http.request': (host, port) => node(http, { host, port, path: '/' }),
  'http.get': (host, port) =>
    new Promise((resolve, reject) => http.get(`http://${host}:${port}/`, r => resolve(text(r))).on('error', reject)),
  'keep-alive': (host, port) => node(http, { hostname: host, port, agent: keepAlive }),
  'header array': (host, port) => node(http, { host, port, headers: ['Host', `${host}:${port}`, 'X-A', '1'] }),
  'body first': (host, port) =>
    node(http, { host, port, method: 'POST', headers: { Expect: '100-continue' } }, request => {
      request.on('continue', () => request.end('body'));
    }),
  'virtual host': (host, port) => node(http, { host, port, headers: { host: 'orders.internal' } }),
  https: (host, port) => node(https, { host, port, rejectUnauthorized: false }),
  fetch: async (host, port) => (await fetch(`http://${host}:${port}/`)).text(),
  'undici.request': async (host, port) => (await undici.request(`http://${host}:${port}/`)).body.text(),
  'undici.fetch': async (host, port) => (await undici.fetch(`http://${host}:${port}/`)).text(),
  'undici Pool': async (host, port) =>
    (
      await dispatcher(undici.Pool, `http://${host}:${port}`, { connections: 2 }).request({ path: '/', method: 'GET' })
    ).body.text(),
  'undici Client': async (host, port) =>
    (await dispatcher(undici.Client, `http://${host}:${port}`).request({ path: '/', method: 'GET' })).body.text(),
  'undici Pool, closed at once': async (host, port) => {
    const pool = new undici.Pool(`http://${host}:${port}`);
    const answer = pool.request({ path: '/', method: 'GET' }).then(({ body }) => body.text());
    await pool.close();
    return answer;
  },
  'undici TLS': async (host, port) => {
    const options = { connect: { rejectUnauthorized: false } };
    return (
      await dispatcher(undici.Pool, `https://${host}:${port}`, options).request({ path: '/', method: 'GET' })
    ).body.text();
  },
};
const isSecure = way => way === 'https' || way === 'undici TLS';

async function main() {
  const client = await connect();
  const kept = {};
  for (const name of [service, secureService]) {
    await new Promise(resolve =>
      client.subscribe(name, hosts => {
        kept[name] = hosts;
        resolve();
      }),
    );
  }
  let turn = 0;
  const next = hosts => {
    if (hosts.length === 0) throw new Error('no instance');
    return hosts[turn++ % hosts.length];
  };
  const from = {
    kept: async name => next(kept[name]),
    select: async name => next(await client.selectInstances(name)),
    direct: async name => next(await client.selectInstances(name, 'DEFAULT_GROUP', '', true, false)),
    all: async name => next(await client.getAllInstances(name)),
    // An address that is in no list of this process.
    address: async (_name, address) => ({ ip: '127.0.0.1', port: Number(address) }),
    // One that the registry writes otherwise.
    capitals: async (_name, address) => ({ ip: 'LocalHost', port: Number(address) }),
  };

  const server = http.createServer(async (request, response) => {
    const [, list, way, address] = decodeURIComponent(request.url).split('/');
    if (list === 'seen') return response.end(String(kept[service].length));
    try {
      const { ip, port } = await from[list](isSecure(way) ? secureService : service, address);
      const answer = JSON.parse(await WAYS[way](ip, port));
      response.end(JSON.stringify({ ...answer, meant: port }));
    } catch (error) {
      response.statusCode = 502;
      response.end(JSON.stringify({ error: String(error.message), code: error.code ?? error.cause?.code }));
    }
  });
  // An idle connection that ends while the test takes it for its next request fails that request.
  server.keepAliveTimeout = 300_000;
  server.listen(0, '127.0.0.1', () => {
    console.log(`ways ${JSON.stringify(Object.keys(WAYS))}`);
    console.log(`calling on ${server.address().port}`);
  });
  process.once('SIGTERM', async () => {
    await Promise.all([...dispatchers.values()].map(one => one.close()));
    process.exit(0);
  });
}
main();
