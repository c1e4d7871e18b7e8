/** Isolation of two environments, the same for every client, broker and filter side: one cell of a table. */
import { expect } from 'vitest';
import { CLIENTS, versionOf } from '../../fixtures/rocketmq-clients/clients';
import { type Client, GRAY, type RocketmqEnvironment } from './rocketmq-environment';

export const BROKERS = ['5.5.0', '4.9.7', '4.5.2'] as const;
export type Broker = (typeof BROKERS)[number];

/** Each version in each mode. What is not installed beside the others has tests of its own. */
export const ROWS = CLIENTS.flatMap(({ modes, versions }) =>
  versions.flatMap(({ name, dependencies }) =>
    Object.keys(dependencies).length === 0
      ? []
      : modes.map(mode => ({ name: modes.length > 1 ? `${name} ${mode}` : name, client: name, mode })),
  ),
);
export type ClientRow = (typeof ROWS)[number];

/** `auto`: a broker with enablePropertyFilter=false, and GRAY_MQ_FILTER_SIDE as it comes. */
export const SIDES = ['broker', 'client', 'auto'] as const;
export type Side = (typeof SIDES)[number];

export function reasonAgainst({ client: name }: ClientRow, broker: Broker, side: Side): string | undefined {
  const { client, version } = versionOf(name);
  if (client.protocol === 'grpc' && broker !== '5.5.0') return 'a gRPC client needs a RocketMQ 5 proxy';
  if (!version.knowsSql92 && side === 'broker')
    return 'its consumers know no SQL92 (that it is refused is tested below)';
  return undefined;
}

export interface Cell {
  readonly broker: Broker;
  readonly side: Side;
  readonly row: ClientRow;
}

export type Role = 'baseline' | 'canary' | 'producer';

/** @param optionsOf further options of the clients */
export async function isolates(
  environment: RocketmqEnvironment,
  { row, broker, side }: Cell,
  optionsOf: (client: Client, role: Role) => object = () => ({}),
): Promise<void> {
  const { client, mode } = row;
  const topic = `T-${side}-${row.name.replace(/\W/g, '-')}`;
  const group = `group-${side}-${row.name.replace(/\W/g, '-')}`;
  await environment.rocketmq.createTopic(topic, { queues: 2 });
  await environment.rocketmq.createGroup(group);
  const subscription = (role: Role) => ({
    client,
    mode,
    group,
    subscriptions: { [topic]: 'A || B' },
    clientOptions: { ...optionsOf(client, role) },
  });
  const env = {
    GRAY_MQ_BASELINE: 'none',
    ...(side === 'auto' ? {} : { GRAY_MQ_FILTER_SIDE: side }),
    // Clients of the remoting protocol know their name servers themselves.
    ...(versionOf(client).client.protocol === 'grpc' ? { GRAY_MQ_NAMESRV: environment.rocketmq.namesrv } : {}),
  };
  // A fleet of several clients: messages of each producer.
  const producers: Client[] = broker === '5.5.0' ? ['rocketmq-client-nodejs', 'ali-ons 3'] : ['ali-ons 3', 'ali-ons 2'];
  const [base, canary, ...sending] = await Promise.all([
    environment.consumer(subscription('baseline'), env),
    environment.consumer(subscription('canary'), { ...env, GRAY_TAG: 'gray' }),
    ...producers.map(producer => environment.producer([topic], {}, producer, optionsOf(producer, 'producer'))),
  ]);
  const wanted: Record<'b' | 'g', string[]> = { b: [], g: [] };
  // A consumer of the remoting protocol starts at the end of a queue, when it first gets it.
  await Promise.all([base.rebalanced(), canary.rebalanced()]);
  for (const [i, producer] of sending.entries()) {
    for (const [environmentName, headers] of [
      ['b', {}],
      ['g', GRAY],
    ] as const) {
      for (const tag of ['A', 'B', 'C']) {
        const body = `${environmentName}-${tag}-${i}`;
        if (tag !== 'C') wanted[environmentName].push(body);
        await producer.send({ topic, body, tag }, headers);
      }
    }
  }
  await Promise.all([base.receives(wanted.b), canary.receives(wanted.g)]);
  for (const { got, downstream } of [...base.got(), ...canary.got()]) {
    expect([got, downstream]).toEqual([got, got.startsWith('g') ? 'gray_tag=gray' : null]);
  }
  expect(canary.lines('group')[0]).toMatchObject({ group: `${group}_gray` });
  const said = canary.child.stderr;
  expect(said).toContain(`${group} -> ${group}_gray, ${topic}: `);
  expect(said).toContain(`${group}_gray created on`);
  const warnings = said.match(/every environment receives all messages/g) ?? [];
  expect(warnings).toHaveLength(side === 'broker' ? 0 : 1);
}
