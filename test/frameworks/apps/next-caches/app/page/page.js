import { headers } from 'next/headers';

export default async function Page() {
  await headers();
  return (
    <p>{await (await fetch(process.env.UPSTREAM, { next: { revalidate: 600 }, headers: { of: 'page' } })).text()}</p>
  );
}
