import { headers } from 'next/headers';
import { Suspense } from 'react';

async function cached(_part) {
  'use cache';
  return (await fetch(process.env.UPSTREAM)).text();
}

async function OfThisRequest() {
  await headers();
  return <p>{await cached('of this request')}</p>;
}

/** The first part is made with the build, for everybody. */
export default async function Page() {
  return (
    <div>
      <p>shell {await cached('shell')}</p>
      <Suspense>
        <OfThisRequest />
      </Suspense>
    </div>
  );
}
