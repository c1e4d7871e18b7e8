import { unstable_cache } from 'next/cache';
import { answer } from '../../upstream';

export default async function handler(_request, response) {
  response.send(await unstable_cache(answer, ['an answer of the API'], { revalidate: 600 })());
}
