// A service that calls another one over Triple (and gRPC's own protocol, and HTTP/1.1), for many requests at once; the
// other one calls a third. Prints, by request: the active tag in each place, and the headers that came over each wire.
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { createPromiseClient } from '@apachedubbo/dubbo';
import { createDubboTransport, createGrpcTransport, dubboNodeAdapter } from '@apachedubbo/dubbo-node';
import { MethodKind, proto3 } from '@bufbuild/protobuf';
import { activeTag } from 'rocketmq-gray';
import front from '../http/front.cjs';
import { noteIn, tagHeaders } from '../http/seen.cjs';

const Text = proto3.makeMessageType('test.Text', () => [{ no: 1, name: 'text', kind: 'scalar', T: 9 }]);
const method = (name, kind) => ({ name, I: Text, O: Text, kind });
const Service = {
  typeName: 'test.Service',
  methods: {
    unary: method('Unary', MethodKind.Unary),
    serverStream: method('ServerStream', MethodKind.ServerStreaming),
    bidi: method('Bidi', MethodKind.BiDiStreaming),
  },
};
const sleep = () => new Promise(done => setTimeout(done, Math.random() * 4));

const listen = async server => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
};
const third = await listen(http2.createServer((req, res) => res.end(JSON.stringify(tagHeaders(req.rawHeaders)))));
let session;
const echo = async () => {
  session ??= http2.connect(third);
  let text = '';
  for await (const chunk of session.request({ ':path': '/' }).setEncoding('utf8')) text += chunk;
  return JSON.parse(text);
};

const wireOf = context => tagHeaders([...context.requestHeader].flat());
const routes = router =>
  router.service(Service, {
    async unary(_request, context) {
      const { places, note } = noteIn(activeTag);
      note('unary handler');
      await sleep();
      note('unary after await');
      return { text: JSON.stringify({ places, wire: wireOf(context), onward: await echo() }) };
    },
    async *serverStream(_request, context) {
      const { places, note } = noteIn(activeTag);
      note('server stream handler');
      yield { text: 'x'.repeat(100_000) };
      await sleep();
      note('server stream after await');
      yield { text: JSON.stringify({ places, wire: wireOf(context), onward: await echo() }) };
    },
    async *bidi(requests, context) {
      const { places, note } = noteIn(activeTag);
      let onward;
      for await (const _request of requests) {
        note('bidi message');
        onward = await echo();
        yield { text: '' };
      }
      note('bidi end');
      yield { text: JSON.stringify({ places, wire: wireOf(context), onward }) };
    },
  });

const over2 = await listen(http2.createServer(dubboNodeAdapter({ routes })));
const over1 = await listen(http.createServer(dubboNodeAdapter({ routes })));
const clients = {
  triple: createPromiseClient(Service, createDubboTransport({ baseUrl: over2, httpVersion: '2' })),
  grpc: createPromiseClient(Service, createGrpcTransport({ baseUrl: over2, httpVersion: '2' })),
  'triple over HTTP/1.1': createPromiseClient(Service, createDubboTransport({ baseUrl: over1, httpVersion: '1.1' })),
};
const last = async messages => {
  let text;
  for await (const message of messages) text = message.text;
  return { text };
};
async function* two() {
  yield { text: 'x'.repeat(100_000) };
  await sleep();
  yield { text: '' };
}
const kinds = Object.entries(clients).flatMap(([name, client]) => {
  const all = [
    [`${name}: unary`, options => client.unary({}, options)],
    [`${name}: server stream`, options => last(client.serverStream({}, options))],
    [`${name}: bidi`, options => last(client.bidi(two(), options))],
  ];
  // Both ways at once is not for HTTP/1.1.
  return name.includes('1.1') ? all.slice(0, 2) : all;
});

const results = await front(Number(process.argv[2]), async index => {
  const [kind, call] = kinds[index % kinds.length];
  const { places, note } = noteIn(activeTag);
  const own = index % 2 === 0 ? 'own=1' : '';
  const headers = new Headers(own === '' ? {} : { baggage: own });
  const { text } = await call({ headers });
  note('after the call');
  return { kind, own, places, result: JSON.parse(text) };
});
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
