import { unstable_cache } from 'next/cache';
import { headers } from 'next/headers';
import { answer } from '../../upstream';

export async function GET() {
  await headers();
  return new Response(await unstable_cache(answer, ['an answer'], { revalidate: 600 })());
}
