const http2 = require('node:http2');
const calls = require('./calls.cjs');

const [count, ...undicis] = process.argv.slice(2);
calls({ http2, count: Number(count), undicis }).then(results =>
  process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0)),
);
