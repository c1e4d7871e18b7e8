// A service that passes the headers it got on to the next one, as proxies do, in each of the forms it can, and with the
// proxies that are named as arguments (as packages). Prints, by case and form, the headers that the next service gets.
const { once } = require('node:events');
const http = require('node:http');
const net = require('node:net');
const { activeTag } = require('rocketmq-gray');
const rawServer = require('./raw-server.cjs');

const MSE = '__microservice_tag__=%5B%7B%22name%22%3A%22mse%22%7D%5D';
const CASES = {
  tagged: 'baggage: a=1;p,gray_tag=gray,b=2',
  'mse header': 'x-mse-tag: gray\r\nx-other: 1',
  'mse member': `Baggage: ${MSE},a=1`,
  'all of them': `baggage: a=1\r\nX-Mse-Tag: header\r\nbaggage: ${MSE},gray_tag=gray`,
  base: 'baggage: gray_tag=base',
  malformed: "baggage: gray_tag=' OR 1=1,a=1",
  untagged: 'baggage: a=1',
  nothing: 'x-other: 1',
};
const NAMES = ['baggage', 'x-mse-tag', 'x-other'];

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** A server that does nothing but forward, with that package. */
async function proxyOf(name, target) {
  const proxy = await import(name);
  if (name === 'http-proxy') {
    const forward = proxy.default.createProxyServer({ target });
    return http.createServer((req, res) => forward.web(req, res));
  }
  const middleware = proxy.createProxyMiddleware({ target, logLevel: 'silent' });
  return http.createServer((req, res) => middleware(req, res, error => res.end(String(error))));
}

async function send(port, headers) {
  const socket = net.connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write(`GET / HTTP/1.1\r\nhost: x\r\n${headers}\r\nconnection: close\r\n\r\n`);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return JSON.parse(/[[{].*[\]}]/s.exec(answer)[0]);
}

async function main() {
  const target = await rawServer(({ headers }) =>
    JSON.stringify(
      headers.filter(([name]) => NAMES.includes(name.toLowerCase())).map(([name, value]) => `${name}: ${value}`),
    ),
  );
  const keep = (name, value) => (NAMES.includes(name.toLowerCase()) ? [name, value] : []);
  const forms = {
    object: req => http.request(target.origin, { headers: { ...req.headers, host: 'x' } }),
    flat: req => {
      const headers = ['host', 'x'];
      for (let i = 0; i < req.rawHeaders.length; i += 2)
        headers.push(...keep(req.rawHeaders[i], req.rawHeaders[i + 1]));
      return http.request(target.origin, { headers });
    },
    setHeader: req => {
      const request = http.request(target.origin);
      for (const name of NAMES) if (req.headers[name] !== undefined) request.setHeader(name, req.headers[name]);
      return request;
    },
  };
  const server = http.createServer(async (req, res) => {
    const result = { active: activeTag() ?? null };
    for (const [form, make] of Object.entries(forms)) {
      const [response] = await once(make(req).end(), 'response');
      let body = '';
      for await (const chunk of response) body += chunk;
      result[form] = JSON.parse(body);
    }
    const headers = NAMES.flatMap(name => (req.headers[name] === undefined ? [] : [[name, req.headers[name]]]));
    result.fetch = await (await fetch(target.origin, { headers })).json();
    res.end(JSON.stringify(result));
  });
  const port = await listen(server);
  const proxies = {};
  for (const name of process.argv.slice(2)) proxies[name] = await listen(await proxyOf(name, target.origin));

  const results = {};
  for (const [name, headers] of Object.entries(CASES)) {
    results[name] = await send(port, headers);
    for (const [proxy, proxyPort] of Object.entries(proxies)) results[name][proxy] = await send(proxyPort, headers);
  }
  process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
