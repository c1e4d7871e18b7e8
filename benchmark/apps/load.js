// Sends requests, by autocannon: `amount` of them over `connections`, as fast as they are answered.
const autocannon = require('autocannon');
const { serve } = require('./measured');

serve({}, async ({ url, amount, connections, headers }) => {
  const began = performance.now();
  const { errors, non2xx, timeouts, requests } = await autocannon({ url, amount, connections, headers });
  const loadMs = performance.now() - began;
  if (errors + non2xx + timeouts > 0) throw new Error(`${errors} errors, ${timeouts} timeouts, ${non2xx} not 2xx`);
  return { loadMs, requests: requests.total };
});
