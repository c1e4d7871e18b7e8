import { createServer } from 'node:http';
import orders from './orders.js';

const server = createServer(async (request, response) => {
  const id: string | null = new URL(request.url ?? '', 'http://localhost').searchParams.get('id');
  const reserved = await fetch(`${process.env.DOWNSTREAM}/request/${id}`);
  await orders.publish(id);
  response.end(await reserved.text());
});

await orders.start();
server.listen(process.env.PORT, () => console.log('listening'));
