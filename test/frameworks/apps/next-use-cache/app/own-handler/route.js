import { headers } from 'next/headers';

async function cached() {
  'use cache: remote';
  return (await fetch(process.env.UPSTREAM)).text();
}

export async function GET() {
  await headers();
  return new Response(await cached());
}
