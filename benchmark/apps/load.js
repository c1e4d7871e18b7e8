// Sends requests, by autocannon: `amount` of them over `connections`, as fast as they are answered.
const autocannon = require('autocannon');
const { serve } = require('./measured');

serve({}, async ({ url, amount, connections, headers }) => {
  const began = performance.now();
  let ended = began;
  // It notices the end with its next sample: that is no part of the work.
  const run = autocannon({ url, amount, connections, headers, sampleInt: 20 });
  run.on('response', () => {
    ended = performance.now();
  });
  const { errors, non2xx, timeouts, requests } = await run;
  const loadMs = ended - began;
  if (errors + non2xx + timeouts > 0) throw new Error(`${errors} errors, ${timeouts} timeouts, ${non2xx} not 2xx`);
  return { loadMs, requests: requests.total };
});
