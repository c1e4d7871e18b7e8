/**
 * Runs `work` some time after each call: once for the calls of one moment, and never beside itself. A call while it runs
 * has it run again.
 *
 * @param onError what it rejects with; the next call runs it again
 */
export function coalesced(work: () => Promise<void>, onError: (error: unknown) => void): () => void {
  let isAsked = false;
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    // What the caller still has to do in this moment is seen by the work.
    await undefined;
    while (isAsked) {
      isAsked = false;
      await work().catch(onError);
    }
    isRunning = false;
  };
  return () => {
    isAsked = true;
    if (!isRunning) void run();
  };
}
