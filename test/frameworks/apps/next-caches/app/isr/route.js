export const dynamic = 'force-static';
export const revalidate = 1;

export async function GET() {
  return new Response(await (await fetch(process.env.UPSTREAM)).text());
}
