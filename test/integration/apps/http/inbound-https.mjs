import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect } from 'node:tls';
import { activeTag } from 'rocketmq-gray';
import inbound from './inbound.cjs';

const [key, cert] = ['key.pem', 'cert.pem'].map(file => readFileSync(new URL(file, import.meta.url)));
const result = await inbound({
  createServer: () => createServer({ key, cert }),
  connect: port => connect({ port, host: '127.0.0.1', rejectUnauthorized: false }),
  activeTag,
  expectedOutbound: tag => (tag ? [`gray_tag=${tag}`] : []),
});
console.log(JSON.stringify(result));
