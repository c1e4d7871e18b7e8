export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { default: orders } = await import('./orders.js');
  await orders.start();
}
