import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Greeter as Scoped } from '@scope/greeter';
import { broken, Greeter, replaced } from 'greeter';
import { Greeter as Unknown } from 'unknown-greeter';

const again = await import('greeter');
const result = {
  greeter: new Greeter().greet(),
  scoped: new Scoped().greet(),
  unknown: new Unknown().greet(),
  replaced: replaced(),
  broken: broken(),
  isSame: again.Greeter === Greeter,
  patches: globalThis.patches,
};
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  result.worker = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
} else parentPort.postMessage(result);
