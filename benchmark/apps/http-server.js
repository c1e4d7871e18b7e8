// A server that answers at once, or (`HOP=fetch|get|pool`) with what a second server answers it.
const http = require('node:http');
// Some package, as every application has one: the first costs Node.js 26 some MB by itself.
require('ms');
const { serve } = require('./measured');

const { HOP, BACKEND } = process.env;

const HOPS = {
  async fetch() {
    return (await fetch(`${BACKEND}/`)).text();
  },
  get() {
    const agent = new http.Agent({ keepAlive: true });
    HOPS.get = () =>
      new Promise((resolve, reject) => {
        http
          .get(`${BACKEND}/`, { agent }, response => {
            let text = '';
            response.setEncoding('utf8');
            response.on('data', chunk => {
              text += chunk;
            });
            response.on('end', () => resolve(text));
          })
          .on('error', reject);
      });
    return HOPS.get();
  },
  pool() {
    const { Pool } = require('undici');
    const pool = new Pool(BACKEND, { connections: 20 });
    HOPS.pool = async () => {
      const { body } = await pool.request({ path: '/', method: 'GET' });
      return body.text();
    };
    return HOPS.pool();
  },
};

const server = http.createServer((_request, response) => {
  if (HOP === undefined) {
    response.setHeader('content-type', 'text/plain');
    response.end('hello');
    return;
  }
  HOPS[HOP]().then(
    text => response.end(text),
    error => {
      response.statusCode = 502;
      response.end(error.stack);
    },
  );
});
server.listen(0, '127.0.0.1', () => serve({ url: `http://127.0.0.1:${server.address().port}` }));
