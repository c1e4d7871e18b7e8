// Starts the CommonJS probe in every kind of process and thread that Node.js has. Prints what each said.
const cluster = require('node:cluster');
const { fork, spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { Worker } = require('node:worker_threads');

const script = path.join(__dirname, 'commonjs.cjs');

async function message(emitter) {
  const [text] = await once(emitter, 'message');
  return JSON.parse(text);
}
async function output(child) {
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
  return JSON.parse(text);
}

async function main() {
  const results = { worker: await message(new Worker(script)), fork: await message(fork(script)) };
  cluster.setupPrimary({ exec: script });
  results.cluster = await message(cluster.fork());
  if (process.env.NODE_OPTIONS) {
    results['worker without options'] = await message(new Worker(script, { execArgv: [] }));
    results.spawn = await output(spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] }));
  }
  process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
}
main();
