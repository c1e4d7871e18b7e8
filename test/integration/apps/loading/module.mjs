import { get } from 'node:http';
import { PushConsumer } from 'rocketmq-client-nodejs';
import { activeTag, runWithTag } from 'rocketmq-gray';
import { request } from 'undici';
import probe from './probe.cjs';

const result = await probe({ http: { get }, undici: { request }, rocketmq: { PushConsumer }, activeTag, runWithTag });
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
