// Loads undici after, before or without what `order` names, and calls every instance of `service` in each way there is
// to a dispatcher that copies of undici share, with each tag. Prints who answered, with which baggage.
const { runWithTag } = require('rocketmq-gray');

const { order, undici: directory, urllib: urllibName, service } = JSON.parse(process.env.APP);
const isShared = () => [1, 2].some(n => Object.hasOwn(globalThis, Symbol.for(`undici.globalDispatcher.${n}`)));
const STEPS = {
  // What `ky` and many others do.
  globals: () => void globalThis.Response,
  fetch: async () => void (await (await fetch('data:,')).text()),
  axios: () => void require('axios'),
  urllib: () => void require(urllibName),
  undici: () => void require(directory),
};
const TAGS = { untagged: undefined, gray: 'gray', blue: 'blue' };

/** An answer to a call by `dispatch` alone. */
function dispatched(dispatcher, origin) {
  return new Promise((resolve, reject) => {
    let text = '';
    const ended = () => resolve(text);
    dispatcher.dispatch(
      { origin, path: '/', method: 'GET' },
      {
        // undici 5 to 7, and 7 and 8.
        onConnect() {},
        onHeaders: () => true,
        onData: chunk => (text += chunk),
        onComplete: ended,
        onError: reject,
        onRequestStart() {},
        onResponseStart() {},
        onResponseData: (_controller, chunk) => (text += chunk),
        onResponseEnd: ended,
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

/** Global dispatchers of the application's, which send later and from the flow of nobody. */
function ofTheApplication(undici) {
  const before = undici.getGlobalDispatcher();
  const waiting = [];
  setInterval(() => {
    for (const send of waiting.splice(0)) send();
  }, 5);
  class Own {
    dispatch(options, handler) {
      waiting.push(() => before.dispatch(options, handler));
      return true;
    }
  }
  const { dispatch } = Own.prototype;
  const dispatchers = {
    'an object': { dispatch },
    'an object without a prototype': Object.assign(Object.create(null), { dispatch }),
    'an object that inherits': Object.assign(Object.create(before), { dispatch }),
    'a class': new Own(),
  };
  const calls = {
    'undici.request': async origin => (await undici.request(origin)).body.text(),
    fetch: async origin => (await fetch(origin)).text(),
  };
  const ways = {};
  for (const [kind, dispatcher] of Object.entries(dispatchers)) {
    for (const [name, call] of Object.entries(calls)) {
      ways[`${name} by ${kind}`] = async origin => {
        undici.setGlobalDispatcher(dispatcher);
        const answer = call(origin);
        undici.setGlobalDispatcher(before);
        return answer;
      };
    }
  }
  return ways;
}

async function main() {
  const shared = [];
  for (const step of order) {
    shared.push(isShared());
    await STEPS[step]();
  }
  const { connect } = require('./client');
  const client = await connect();
  let hosts = [];
  client.subscribe(service, list => (hosts = list));
  while (hosts.length < 2) await new Promise(resolve => setTimeout(resolve, 10));
  const environmentOf = host => hosts.find(({ port }) => host.endsWith(`:${port}`))?.metadata.gray_tag ?? 'base';
  const origins = hosts.map(({ ip, port }) => `http://${ip}:${port}`);

  const ways = { fetch: async origin => (await fetch(origin)).text() };
  if (order.includes('urllib'))
    ways.urllib = async origin => (await require(urllibName).request(origin, { dataType: 'text' })).data;
  if (order.includes('undici')) {
    const undici = require(directory);
    ways['undici.request'] = async origin => (await undici.request(origin)).body.text();
    ways['undici.fetch'] = async origin => (await undici.fetch(origin)).text();
    ways['what is handed out'] = origin => dispatched(undici.getGlobalDispatcher(), origin);
    Object.assign(ways, ofTheApplication(undici));
  }

  const answers = {};
  for (const [way, call] of Object.entries(ways)) {
    answers[way] = {};
    for (const [name, tag] of Object.entries(TAGS)) {
      const got = new Set();
      for (const origin of origins) {
        const text = await (tag === undefined ? call(origin) : runWithTag(tag, () => call(origin)));
        const { name, baggage = 'no baggage', host } = JSON.parse(text);
        got.add(`${name}: ${baggage}, to the host of ${environmentOf(host)}`);
      }
      answers[way][name] = [...got];
    }
  }
  process.stdout.write(`${JSON.stringify({ shared, answers })}\n`, () => process.exit(0));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
