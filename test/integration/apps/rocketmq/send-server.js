// How the test has a producer send: POST a JSON message, and it is sent from within the request.
const http = require('node:http');

module.exports = send =>
  http.createServer((request, response) => {
    let text = '';
    request
      .on('data', chunk => (text += chunk))
      .on('end', () =>
        send(JSON.parse(text)).then(
          result => response.end(JSON.stringify(result)),
          error => response.writeHead(500).end(error.stack),
        ),
      );
  });
