// A TCP server that keeps the bytes of each HTTP/1.1 request and answers it. Not an HTTP server of Node.js: nothing of it
// is instrumented, and nothing of a request is interpreted away.
const net = require('node:net');

/**
 * `answer(request)`: the body of the answer, or the whole of it when it starts with `HTTP/`. Default: the request's
 * baggage headers as JSON.
 */
module.exports = async function rawServer(answer = request => JSON.stringify(request.all('baggage'))) {
  const requests = [];
  const waiting = [];
  const server = net.createServer(socket => {
    let received = '';
    socket.setEncoding('latin1').on('error', () => {});
    socket.on('data', data => {
      received += data;
      for (;;) {
        const headEnd = received.indexOf('\r\n\r\n');
        if (headEnd < 0) return;
        const [first, ...lines] = received.slice(0, headEnd).split('\r\n');
        const headers = lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
        const all = name => headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
        const bodyEnd = endOfBody(received, headEnd + 4, all);
        if (all('expect').length > 0 && bodyEnd === undefined) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        if (bodyEnd === undefined) return;
        const request = {
          first,
          path: first.split(' ')[1],
          headers,
          all,
          bytes: received.slice(0, bodyEnd),
          body: received.slice(headEnd + 4, bodyEnd),
        };
        received = received.slice(bodyEnd);
        requests.push(request);
        waiting.shift()?.(request);
        const body = answer(request);
        socket.write(
          body.startsWith('HTTP/')
            ? body
            : `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
      }
    });
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  const { port } = server.address();
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests,
    /** The next request that comes in. */
    next: () => new Promise(resolve => waiting.push(resolve)),
    close: () => server.close(),
  };
};

function endOfBody(received, start, all) {
  if (all('transfer-encoding').includes('chunked')) {
    const end = received.indexOf('0\r\n\r\n', start);
    return end < 0 ? undefined : end + 5;
  }
  const end = start + Number(all('content-length')[0] ?? 0);
  return received.length < end ? undefined : end;
}
