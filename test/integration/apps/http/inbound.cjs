// Requests with and without tags over raw sockets, to a server that looks at the active tag wherever it can. Given the
// way to make a server and to connect, returns what was seen: how often each place was, and where it was wrong.
const http = require('node:http');
const { once } = require('node:events');
const { pipeline, PassThrough } = require('node:stream');
const { setTimeout: sleep } = require('node:timers/promises');
const rawServer = require('./raw-server.cjs');

const MSE = '__microservice_tag__=%5B%7B%22name%22%3A%22mse%22%7D%5D';
/** Headers of a request, and the tag that is active in its handling. */
const KINDS = [
  ['baggage: gray_tag=gray', 'gray'],
  ['', undefined],
  ['Baggage: a=1;p, gray_tag = blue ;x=y,b=2', 'blue'],
  ['', undefined],
  ['baggage: gray_tag=base', 'base'],
  ['baggage: other=gray', undefined],
  ['x-mse-tag: header', 'header'],
  ['baggage: gray_tag=a_b', undefined],
  [`baggage: ${MSE}`, 'mse'],
  ['', undefined],
  ['baggage: a=1\r\nbaggage: gray_tag=second', 'second'],
  ["x-mse-tag: ' OR 1=1 --", undefined],
  [`baggage: gray_tag=own,${MSE}\r\nx-mse-tag: header`, 'own'],
  [`baggage: gray_tag=${'x'.repeat(10_000)}`, undefined],
  ['baggage: gray_tag=%0d%0aevil:1', undefined],
  ['baggage: gray_tag=gr\u00e4y', undefined],
  ['baggage: gray_tag=gray', 'gray'],
];
const PATHS = ['/events', '/await', '/pipeline', '/late', '/outbound'];

module.exports = async function inbound({ createServer, connect, activeTag, expectedOutbound }) {
  const counts = {};
  const wrong = [];
  const see = (where, expected) => {
    counts[where] = (counts[where] ?? 0) + 1;
    const got = activeTag();
    if (got !== expected) wrong.push({ where, expected: String(expected), got: String(got) });
  };
  const target = await rawServer();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });

  const server = createServer();
  server.on('request', (req, res) => {
    const expected = expectedOf(req);
    const here = where => see(where, expected);
    here('request');
    for (const event of ['end', 'close', 'error']) req.on(event, () => here(`request ${event}`));
    for (const event of ['finish', 'close']) res.on(event, () => here(`response ${event}`));
    req.once('close', () => process.nextTick(here, 'tick after request close'));
    handlers[new URL(req.url, 'http://x').pathname](req, res, here, expected);
  });
  const handlers = {
    '/events'(req, res, here) {
      req.on('data', () => here('request data'));
      req.on('end', () => {
        setTimeout(() => {
          here('timer');
          res.end('ok');
        }, 2);
      });
    },
    async '/await'(req, res, here) {
      for await (const _ of req) here('for await');
      await sleep(1);
      here('await');
      res.end('ok');
    },
    '/pipeline'(req, res, here) {
      res.writeHead(200, { 'content-length': '2' });
      const through = new PassThrough({
        transform(_chunk, _encoding, done) {
          here('transform');
          done();
        },
      });
      through.on('end', () => here('transform end'));
      pipeline(req, through, error => {
        here('pipeline');
        if (error === undefined || error === null) res.end('ok');
      });
      through.resume();
    },
    async '/late'(req, res, here) {
      await sleep(15);
      here('late');
      req.on('data', () => here('late data')).on('end', () => res.end('ok'));
    },
    async '/outbound'(req, res, here, expected) {
      req.resume();
      await Promise.all(
        [1, 2, 3].map(async () => {
          const [response] = await once(http.get(target.origin, { agent }), 'response');
          here('response to an outbound call');
          let body = '';
          for await (const chunk of response) body += chunk;
          const sent = JSON.stringify(expectedOutbound(expected));
          if (body !== sent) wrong.push({ where: 'outbound baggage', expected: sent, got: body });
        }),
      );
      here('after outbound calls');
      res.end('ok');
    },
    '/abort'(req, _res, here) {
      req.on('data', () => here('data before abort'));
      req.on('aborted', () => here('aborted'));
    },
  };
  server.on('checkContinue', (req, res) => {
    const expected = expectedOf(req);
    see('checkContinue', expected);
    res.writeContinue();
    req.on('data', () => see('data after continue', expected)).on('end', () => res.end('ok'));
  });
  server.on('checkExpectation', (req, res) => {
    see('checkExpectation', expectedOf(req));
    req.resume().on('end', () => res.end('ok'));
  });
  // An upgraded connection belongs to the request that asked for it.
  const belongingToOne = new WeakSet();
  for (const event of ['upgrade', 'connect']) {
    server.on(event, (req, socket) => {
      const expected = expectedOf(req);
      see(event, expected);
      socket.on('error', () => {});
      socket.on('data', () => see(`${event} data`, expected));
      socket.on('end', () => {
        see(`${event} end`, expected);
        socket.end();
      });
      socket.on('close', () => see(`${event} close`, expected));
      belongingToOne.add(socket);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
    });
  }
  server.on('connection', socket => {
    see('connection', undefined);
    socket.on('close', () => {
      if (!belongingToOne.has(socket)) see('connection close', undefined);
    });
  });
  server.on('clientError', (_error, socket) => {
    see('client error', undefined);
    socket.destroy();
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const request = (i, more = '', method = 'POST', path = PATHS[i % PATHS.length]) => {
    const [header, expected] = KINDS[i % KINDS.length];
    const lines = [`${method} ${path}?expected=${expected ?? ''} HTTP/1.1`, 'host: x', header, more];
    return `${lines.filter(line => line !== '').join('\r\n')}\r\n`;
  };
  const open = async () => {
    const socket = connect(port);
    socket.setEncoding('latin1').on('error', () => {});
    let answers = 0;
    socket.on('data', data => {
      answers += data.split('HTTP/1.1 200 OK').length - 1;
      socket.emit('answers');
    });
    return {
      socket,
      async answered(count) {
        while (answers < count) await once(socket, 'answers');
      },
    };
  };

  // One after another on a connection that is kept, the body in pieces.
  const sequential = async first => {
    const { socket, answered } = await open();
    for (let i = 0; i < 2 * KINDS.length; i++) {
      socket.write(`${request(first + i, 'content-length: 10')}\r\n`);
      await sleep(1);
      socket.write('12345');
      await sleep(2);
      socket.write('67890');
      await answered(i + 1);
    }
    socket.end();
  };
  // Many at once on one connection; the last one's body comes late.
  const pipelined = async first => {
    const { socket, answered } = await open();
    let bytes = '';
    for (let i = 0; i < KINDS.length; i++) bytes += `${request(first + i, 'content-length: 10')}\r\n1234567890`;
    bytes += `${request(first + KINDS.length, 'transfer-encoding: chunked')}\r\n`;
    socket.write(bytes.slice(0, -40));
    await sleep(5);
    socket.write(bytes.slice(-40));
    await sleep(5);
    socket.write('3\r\nabc\r\n');
    await sleep(5);
    socket.write('2\r\nde\r\n0\r\n\r\n');
    await answered(KINDS.length + 1);
    socket.end();
  };
  const special = async i => {
    const { socket, answered } = await open();
    socket.write(`${request(i, 'expect: 100-continue\r\ncontent-length: 2')}\r\n`);
    await once(socket, 'answers');
    socket.write('ab');
    await answered(1);
    socket.write(`${request(i + 1, 'expect: something\r\ncontent-length: 2')}\r\nab`);
    await answered(2);
    if (i % 2 === 0) socket.write(`${request(i + 2, 'connection: upgrade\r\nupgrade: x', 'GET')}\r\n`);
    else socket.write(`${request(i + 2, '', 'CONNECT')}\r\n`);
    await answered(3);
    socket.write('abc');
    await sleep(5);
    socket.end('def');
    await once(socket, 'close');
  };
  const aborted = async i => {
    const { socket, answered } = await open();
    socket.write(`${request(i, 'content-length: 4', 'POST', '/events')}\r\n1234`);
    await answered(1);
    socket.write(`${request(i, 'content-length: 10', 'POST', '/abort')}\r\n123`);
    await sleep(20);
    socket.destroy();
  };

  const numbers = [...Array(4).keys()];
  await Promise.all([
    ...numbers.map(i => sequential(i * 3)),
    ...numbers.map(i => pipelined(i * 5)),
    ...KINDS.map((_, i) => special(i)),
    ...KINDS.map((_, i) => aborted(i)),
  ]);
  const broken = await open();
  broken.socket.write('not http\r\n\r\n');
  await sleep(30);
  server.close();
  server.closeAllConnections();
  agent.destroy();
  target.close();
  await once(server, 'close');
  return { counts, wrong };
};

function expectedOf(req) {
  return new URL(req.url, 'http://x').searchParams.get('expected') || undefined;
}
