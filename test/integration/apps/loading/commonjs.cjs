const http = require('node:http');
const undici = require('undici');
const rocketmq = require('rocketmq-client-nodejs');
const { activeTag, runWithTag } = require('rocketmq-gray');
const probe = require('./probe.cjs');

probe({ http, undici, rocketmq, activeTag, runWithTag }).then(result => {
  const text = JSON.stringify(result);
  const { parentPort } = require('node:worker_threads');
  if (parentPort) parentPort.postMessage(text);
  else if (process.send) process.send(text);
  else process.stdout.write(`${text}\n`);
  if (!parentPort) setImmediate(() => process.exit(0));
});
