import { connect, createSecureServer, createServer, sensitiveHeaders } from 'node:http2';
import calls from './calls.cjs';

const [count, ...undicis] = process.argv.slice(2);
const http2 = { connect, createSecureServer, createServer, sensitiveHeaders };
const results = await calls({ http2, count: Number(count), undicis });
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
