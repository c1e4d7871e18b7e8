import { headers } from 'next/headers';

export async function GET() {
  await headers();
  return new Response(await (await fetch(process.env.UPSTREAM, { next: { revalidate: 600 } })).text());
}
