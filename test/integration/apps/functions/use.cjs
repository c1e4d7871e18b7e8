// Uses the public functions in every way. Prints what came of it.
const { setTimeout: sleep } = require('node:timers/promises');

module.exports = async function use({ activeTag, runWithTag }) {
  const seen = () => String(activeTag());
  const nested = runWithTag('gray', () => [seen(), runWithTag('blue', seen), seen()]);
  const later = await runWithTag('gray', async () => {
    await sleep(1);
    const first = seen();
    const second = await new Promise(resolve => setImmediate(() => resolve(seen())));
    return [first, second, await Promise.resolve().then(seen)];
  });
  let thrown;
  try {
    runWithTag('gray', () => {
      throw new Error('from the application');
    });
  } catch (error) {
    thrown = error.message;
  }
  const refused = {};
  for (const tag of ['', 'a_b', ' gray', 'x'.repeat(33), "'; DROP TABLE x", null]) {
    let called = false;
    try {
      runWithTag(tag, () => {
        called = true;
      });
    } catch (error) {
      refused[JSON.stringify(tag)] = [error.constructor.name, called];
    }
  }
  return {
    outside: seen(),
    inside: runWithTag('gray', seen),
    base: runWithTag('base', seen),
    nested,
    later,
    afterwards: seen(),
    result: [runWithTag('gray', () => 1), await runWithTag('gray', async () => 'promise')],
    thrown,
    refused,
  };
};
