/**
 * Does `work` while the process stays alive: connections to brokers keep none alive by themselves, but here the
 * application waits for one.
 */
export async function keepingAlive<T>(work: () => Promise<T>): Promise<T> {
  const alive = setInterval(() => {}, 60_000);
  try {
    return await work();
  } finally {
    clearInterval(alive);
  }
}
