// A server that answers, by `/tag`, within which tag it handles a request without one, and lets the process end on its own
// when it is closed by `/end`.
const http = require('node:http');
const { activeTag } = require('rocketmq-gray');

const server = http.createServer((req, res) => {
  res.setHeader('connection', 'close');
  res.end(activeTag() ?? 'none');
  if (req.url === '/end') server.close();
});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
