import { activeTag, runWithTag } from 'rocketmq-gray';
import use from './use.cjs';

console.log(JSON.stringify(await use({ activeTag, runWithTag })));
