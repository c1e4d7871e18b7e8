import orders from '../orders.js';

export async function GET(request) {
  const id = request.nextUrl.searchParams.get('id');
  const response = await fetch(`${process.env.DOWNSTREAM}/request/${id}`, { cache: 'no-store' });
  await orders.publish(id);
  return Response.json(await response.json());
}
