// Many callers with different tags share few connections, so that requests wait for one another. Each request's path says
// which tag it must carry; `client` is `http`, `fetch` or the directory of a copy of undici. Prints what was wrong.
const { once } = require('node:events');
const http = require('node:http');
const { createRequire } = require('node:module');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { activeTag, runWithTag } = require('rocketmq-gray');
const rawServer = require('./raw-server.cjs');

const TAGS = ['gray', undefined, 'blue', 'base', undefined, 'green'];

async function main(client) {
  const wrong = [];
  let count = 0;
  const check = (where, expected, got) => {
    count++;
    if (got !== expected) wrong.push({ where, expected: String(expected), got: String(got) });
  };
  const target = await rawServer(({ path: url, all }) => {
    const tag = new URL(url, 'http://x').searchParams.get('tag');
    check(`baggage of ${url}`, tag ? `gray_tag=${tag}` : '', all('baggage').join(' | '));
    return 'ok';
  });

  /** Calls `send(path)` for many callers at once, some of which come later than others. */
  const callers = async (name, send) => {
    const all = Array.from({ length: 36 }, async (_, i) => {
      const tag = TAGS[i % TAGS.length];
      if (i % 3 === 2) await sleep(i / 4);
      const call = async () => {
        await send(`/${name}?tag=${tag ?? ''}`, tag);
        check(`after ${name}`, tag, activeTag());
      };
      return tag === undefined ? call() : runWithTag(tag, call);
    });
    await Promise.all(all);
  };

  if (client === 'http') {
    for (const keepAlive of [true, false]) {
      const agent = new http.Agent({ keepAlive, maxSockets: 1 });
      await callers(`queue-${keepAlive}`, async (url, tag) => {
        const request = http.get(target.origin + url, { agent });
        request.on('socket', () => {});
        const [response] = await once(request, 'response');
        check('response', tag, activeTag());
        response.on('data', () => check('data of the response', tag, activeTag()));
        await once(response.resume(), 'end');
      });
      agent.destroy();
    }
    // A request that is made in one flow and sent in another belongs to the one that made it.
    const request = runWithTag('gray', () => http.request(`${target.origin}/made?tag=gray`));
    runWithTag('blue', () => request.end());
    const [response] = await once(request, 'response');
    await once(response.resume(), 'end');
  } else if (client === 'fetch') {
    await callers('fetch', async url => (await fetch(target.origin + url)).text());
  } else {
    const undici = createRequire(path.join(path.resolve(client), 'app.js'))('undici');
    for (const connections of [1, 3, undefined]) {
      for (const pipelining of [1, 4]) {
        const pool = new undici.Pool(target.origin, { connections, pipelining });
        const name = `pool-${connections}-${pipelining}`;
        await callers(name, async url => (await pool.request({ path: url, method: 'GET' })).body.text());
        await pool.close();
      }
    }
    const one = new undici.Client(target.origin);
    await callers('client', async url => (await one.request({ path: url, method: 'GET' })).body.text());
    await one.close();
    const dispatcher = new undici.Agent({ connections: 1 });
    await callers('fetch', async url => (await undici.fetch(target.origin + url, { dispatcher })).text());
    await callers('stream', async url => {
      const sink = () => new (require('node:stream').PassThrough)().resume();
      await undici.stream(target.origin + url, { method: 'GET', dispatcher }, sink);
    });
    await dispatcher.close();
  }
  process.stdout.write(`${JSON.stringify({ count, wrong })}\n`, () => process.exit(0));
}

main(process.argv[2]).catch(error => {
  console.error(error);
  process.exit(1);
});
