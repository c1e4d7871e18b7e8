const http = require('node:http');
const orders = require('./orders.js');

const server = http.createServer(async (request, response) => {
  const id = new URL(request.url, 'http://localhost').searchParams.get('id');
  const reserved = await fetch(`${process.env.DOWNSTREAM}/request/${id}`);
  await orders.publish(id);
  response.end(await reserved.text());
});

orders.start().then(() => server.listen(process.env.PORT, () => console.log('listening')));
