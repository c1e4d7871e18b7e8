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
  const failed = new Set();
  const target = await rawServer(({ path: url, all }) => {
    const tag = new URL(url, 'http://x').searchParams.get('tag');
    const baggage = all('baggage').join(' | ');
    if (tag !== null) check(`baggage of ${url}`, tag ? `gray_tag=${tag}` : '', baggage);
    if (!url.startsWith('/flaky') && !url.startsWith('/moved')) {
      const body = `${baggage} of ${url}`;
      return `HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    }
    // Each once: fails, then is found elsewhere, where it fails once more.
    if (!failed.has(url)) {
      failed.add(url);
      return 'HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n';
    }
    const location = url.replace('/flaky', '/moved');
    return url === location ? 'ok' : `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`;
  });

  /** Calls `send(path)` for many callers at once, some of which come later than others. */
  const callers = async (name, send) => {
    const all = Array.from({ length: 36 }, async (_, i) => {
      const tag = TAGS[i % TAGS.length];
      if (i % 3 === 2) await sleep(i / 4);
      const call = async () => {
        await send(`/${name}?tag=${tag ?? ''}&call=${i}`, tag);
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
    await later(undici, callers, target.origin);
    await again(undici, callers, target.origin);
    if (undici.interceptors?.cache)
      await shared(undici, Number(path.basename(client).slice(1)), callers, target, check);
  }
  process.stdout.write(`${JSON.stringify({ count, wrong })}\n`, () => process.exit(0));
}

/** A class of the application that keeps calls, and sends them from the flow of another. */
async function later({ Agent, request }, callers, origin) {
  class Throttle extends Agent {
    #waiting = [];
    dispatch(options, handler) {
      this.#waiting.push(() => super.dispatch(options, handler));
      if (this.#waiting.length === 6) for (const send of this.#waiting.splice(0)) send();
      return true;
    }
  }
  const dispatcher = new Throttle();
  await callers('later', async url => (await request(origin + url, { dispatcher })).body.text());
  await dispatcher.close();
}

/** What redirects and retries dispatch again, over one connection. */
async function again(undici, callers, origin) {
  const { Agent, RetryAgent, RetryHandler, interceptors, request } = undici;
  const retry = { minTimeout: 1, maxTimeout: 5, statusCodes: [503] };
  const one = () => new Agent({ connections: 1 });
  const dispatchers = {};
  if (interceptors?.redirect) {
    const redirects = interceptors.redirect({ maxRedirections: 2 });
    const retries = interceptors.retry(retry);
    dispatchers['retry, redirect'] = one().compose(retries, redirects);
    dispatchers['redirect, retry'] = one().compose([redirects, retries]);
    dispatchers['redirect, then retry'] = one().compose(redirects).compose(retries);
  }
  if (RetryAgent && interceptors?.redirect) {
    dispatchers.RetryAgent = new RetryAgent(one().compose(interceptors.redirect({ maxRedirections: 2 })), retry);
  } else {
    // undici 5, whose requests follow redirects by themselves.
    const agent = one();
    const dispatch = (options, handler) =>
      agent.dispatch(
        { ...options, maxRedirections: 2 },
        new RetryHandler(
          { ...options, maxRedirections: 2, retryOptions: retry },
          { dispatch: agent.dispatch.bind(agent), handler },
        ),
      );
    dispatchers.RetryHandler = Object.assign(Object.create(agent), { dispatch });
  }
  for (const [name, dispatcher] of Object.entries(dispatchers)) {
    await callers(`flaky ${name}`.replaceAll(' ', '-'), async url => {
      const { statusCode, body } = await request(origin + url, { dispatcher });
      if (statusCode !== 200) throw new Error(`${name}: ${statusCode} ${await body.text()}`);
      await body.text();
    });
    await dispatcher.close();
  }
}

/** Answers that are kept, or given to several at once, belong to one environment. */
async function shared({ Agent, interceptors, request }, major, callers, { origin, requests }, check) {
  for (const name of ['cache', 'deduplicate']) {
    // Not among interceptors of older versions.
    if (interceptors[name] === undefined) continue;
    const composed = new Agent({ connections: 1 }).compose(interceptors[name]());
    const agent = new Agent({ connections: 1 });
    // Handlers of undici 7 have to be wrapped for that, which only it can.
    const dispatchers = [composed];
    if (major > 7) {
      const dispatch = interceptors[name]()(agent.dispatch.bind(agent));
      dispatchers.push(Object.assign(Object.create(agent), { dispatch }));
    }
    for (const dispatcher of dispatchers) {
      const before = requests.length;
      for (const _round of [1, 2]) {
        await callers(name, async (_url, tag) => {
          const { body } = await request(`${origin}/${name}`, { dispatcher });
          const expected = `${tag === undefined ? '' : `gray_tag=${tag}`} of /${name}`;
          check(`answer of ${name}`, expected, await body.text());
        });
      }
      // Of 72.
      check(`${name} spares requests`, true, requests.length - before < 60);
    }
    await composed.close();
    await agent.close();
  }
}

main(process.argv[2]).catch(error => {
  console.error(error);
  process.exit(1);
});
