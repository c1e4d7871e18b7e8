import { sharedReading } from '../../rocketmq/remoting/shared-reading';

/**
 * Runs `work` some time after each call: once for the calls of one moment, and never beside itself. A call while it runs
 * has it run again.
 *
 * @param onError what it rejects with; the next call runs it again
 */
export function coalesced(work: () => Promise<void>, onError: (error: unknown) => void): () => void {
  const run = sharedReading(() => work().catch(onError));
  return () => void run();
}
