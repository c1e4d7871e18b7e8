import { SERVICE_CLIENTS, type ServiceClient } from '../../fixtures/rocketmq-clients/clients';
import type { Bench } from '../bench';
import type { Measured } from '../measurement';
import type { Options } from '../options';
import { consume } from './consume';
import { environments } from './environments';
import { http } from './http';
import { manyTags } from './many-tags';
import { memoryAfterRequests, memoryAfterStart } from './memory';
import { send } from './send';
import { startUp } from './start-up';
import { untaggedOfManyTags } from './untagged-of-many-tags';

export type Scenario = (bench: Bench, options: Pick<Options, 'requests'>) => Promise<Measured>;

/** By name, in the order of the report. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'start-up-commonjs': startUp('commonjs'),
  'start-up-module': startUp('module'),
  'start-up-large': startUp('large'),
  'http-server': http('none'),
  'http-hop-fetch': http('fetch'),
  'http-hop-get': http('get'),
  'http-hop-pool': http('pool'),
  ...ofClients('send', send),
  ...ofClients('consume', consume),
  'memory-after-start': memoryAfterStart,
  'memory-after-requests': (bench, { requests }) => memoryAfterRequests(requests)(bench),
  'many-tags': manyTags,
  'untagged-of-many-tags-push-rocketmq-client-nodejs': untaggedOfManyTags('rocketmq-client-nodejs'),
  'untagged-of-many-tags-pull-rocketmq-client-nodejs': untaggedOfManyTags('rocketmq-client-nodejs', 'pull'),
  'untagged-of-many-tags-push-ali-ons': untaggedOfManyTags('ali-ons'),
  environments,
};

function ofClients(name: string, scenario: (client: ServiceClient) => Scenario): Record<string, Scenario> {
  return Object.fromEntries(SERVICE_CLIENTS.map(client => [`${name}-${client}`, scenario(client)]));
}
