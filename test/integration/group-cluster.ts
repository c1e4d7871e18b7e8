/** A cluster, and groups in it, for the tests of canaries' groups. */
import { expect } from 'vitest';
import type { Account, Rocketmq } from '../../fixtures/rocketmq';
import type { Broker } from '../../src/rocketmq/administration/broker';
import {
  type BrokerAdministration,
  brokerAdministration,
} from '../../src/rocketmq/administration/broker-administration';
import { CanaryGroupError } from '../../src/rocketmq/administration/canary-group-error';
import { remotingConnection } from '../../src/rocketmq/remoting/connection';

/** For one request: on a busy machine a broker takes its time. */
export const PATIENCE_MS = 20_000;
export const QUEUES = 3;
const SEND_MESSAGE = 10;
const UPDATE_BROKER_CONFIG = 25;
const GET_MAX_OFFSET = 30;

/** The cluster of the tests that run, which {@link useCluster} sets. */
export let rocketmq: Rocketmq;
/** May do all. */
export let administration: BrokerAdministration;
export let brokers: Broker[];

/** Has the functions below work on this cluster, with {@link TOPICS} in it. */
export async function useCluster(cluster: Rocketmq, credentials?: Account): Promise<void> {
  rocketmq = cluster;
  administration = brokerAdministration({ namesrv: cluster.namesrv, credentials, timeoutMs: PATIENCE_MS });
  for (const topic of TOPICS) await cluster.createTopic(topic, { queues: QUEUES });
  brokers = await administration.brokersOfCluster(TOPICS);
}

export async function leaveCluster(): Promise<void> {
  administration?.close();
  await rocketmq?.stop();
}

export const TOPICS = ['orders', 'payments'];
export const everyQueue = () =>
  brokers.flatMap(broker =>
    TOPICS.flatMap(topic => Array.from({ length: QUEUES }, (_, queueId) => ({ broker, topic, queueId }))),
  );

let named = 0;
/** Names that no other test uses. */
export function groups() {
  named++;
  const baselineGroup = `group${named}`;
  return { administration, baselineGroup, canaryGroup: `${baselineGroup}_gray`, topics: TOPICS };
}

export const offsetsOf = (group: string) =>
  Promise.all(everyQueue().map(q => administration.committedOffset(q.broker, group, q.topic, q.queueId)));

/** One after another: see cloneOffsets. */
export async function commit(group: string, offsets: readonly (number | undefined)[]) {
  for (const [index, { broker, topic, queueId }] of everyQueue().entries()) {
    const offset = offsets[index];
    if (offset !== undefined) await administration.commitOffset(broker, group, topic, queueId, offset);
  }
}

/** Changes settings of every broker while it runs. */
export async function configure(settings: Readonly<Record<string, string>>) {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  for (const { address } of brokers) await ask(address, UPDATE_BROKER_CONFIG, {}, Buffer.from(lines.join('')));
}

/** Sends messages to queue 0 and waits until consumers can see them. */
export async function produce({ address }: Broker, topic: string, count: number) {
  const fields = {
    producerGroup: 'producers',
    topic,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: '1',
    queueId: '0',
    sysFlag: '0',
    bornTimestamp: `${Date.now()}`,
    flag: '0',
    properties: '',
  };
  const end = async () => Number((await ask(address, GET_MAX_OFFSET, { topic, queueId: '0' })).offset);
  const before = await end();
  for (let sent = 0; sent < count; sent++) await ask(address, SEND_MESSAGE, fields, Buffer.from('{}'));
  await expect.poll(end, { timeout: 10_000 }).toBe(before + count);
}

async function ask(address = '', code = 0, fields: Readonly<Record<string, string>> = {}, body?: Buffer) {
  const connection = remotingConnection(address);
  try {
    const response = await connection.request(code, fields, body);
    expect(response).toMatchObject({ code: 0 });
    return response.extFields;
  } finally {
    connection.close();
  }
}

/** Settings of a group on each broker, without its name. */
export async function settingsOf(group: string) {
  return Promise.all(
    brokers.map(async broker => {
      const settings = await administration.groupSettings(broker, group);
      if (!settings) return undefined;
      const { groupName, ...others } = settings;
      expect(groupName).toBe(group);
      return others;
    }),
  );
}

export async function failureOf(work: Promise<unknown>): Promise<CanaryGroupError> {
  const error = await work.then(
    () => undefined,
    error => error,
  );
  expect(error).toBeInstanceOf(CanaryGroupError);
  expect(error.hint).not.toMatch(/[\r\n]/);
  return error;
}
