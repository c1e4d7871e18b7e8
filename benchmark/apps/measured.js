// What a measured process says of itself, and how it is told to do a piece of work: messages over its IPC channel.
// `work(message)` does a piece and answers what is to be reported of it.
function serve(ready, work) {
  process.on('message', async ({ id, ...message }) => {
    try {
      process.send({ id, ...(await answer(message, work)) });
    } catch (error) {
      process.send({ id, error: error?.stack ?? String(error) });
    }
  });
  process.send({ ready });
}

async function answer(message, work) {
  if (message.ask === 'usage') return usage();
  if (message.ask === 'memory') {
    // Twice: what the first one finalizes is free after the second.
    for (let i = 0; i < 2; i++) {
      globalThis.gc?.();
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    const { rss, heapUsed } = process.memoryUsage();
    return { rss, heapUsed };
  }
  const began = usage();
  const done = await work(message);
  const ended = usage();
  return { ms: ended.at - began.at, cpuMs: ended.cpuMs - began.cpuMs, ...done };
}

function usage() {
  const { user, system } = process.cpuUsage();
  return { at: performance.now(), cpuMs: (user + system) / 1_000 };
}

module.exports = { serve, usage };
