/** Isolation, the same for every client, broker and filter side: a table. Cells that are not run say why. */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { CLIENTS, versionOf } from '../../fixtures/rocketmq-clients/clients';
import { type Client, GRAY, type RocketmqEnvironment, rocketmqEnvironment } from './rocketmq-environment';

const BROKERS = ['5.5.0', '4.9.7', '4.5.2'] as const;
type Broker = (typeof BROKERS)[number];

/** Each version in each mode. What is not installed beside the others has tests of its own. */
const ROWS = CLIENTS.flatMap(({ modes, versions }) =>
  versions.flatMap(({ name, dependencies }) =>
    Object.keys(dependencies).length === 0
      ? []
      : modes.map(mode => ({ name: modes.length > 1 ? `${name} ${mode}` : name, client: name, mode })),
  ),
);
type ClientRow = (typeof ROWS)[number];

/** `auto`: a broker with enablePropertyFilter=false, and GRAY_MQ_FILTER_SIDE as it comes. */
const SIDES = ['broker', 'client', 'auto'] as const;
type Side = (typeof SIDES)[number];

function reasonAgainst({ client: name }: ClientRow, broker: Broker, side: Side): string | undefined {
  const { client, version } = versionOf(name);
  if (client.protocol === 'grpc' && broker !== '5.5.0') return 'a gRPC client needs a RocketMQ 5 proxy';
  if (!version.knowsSql92 && side === 'broker')
    return 'its consumers know no SQL92 (that it is refused is tested below)';
  return undefined;
}

const cells = BROKERS.flatMap(broker => SIDES.flatMap(side => ROWS.map(row => ({ broker, side, row }))));
const toRun = cells.filter(({ row, broker, side }) => reasonAgainst(row, broker, side) === undefined);
const wasRun = new Set<string>();
const cellName = ({ row, broker, side }: (typeof cells)[number]) => `${row.name} x ${broker} x ${side}`;

describe.each(BROKERS)('RocketMQ %s', broker => {
  describe.each([
    ['enablePropertyFilter=true', ['broker', 'client']],
    ['enablePropertyFilter=false', ['auto']],
  ] as const)('%s', (config, sides) => {
    let environment: RocketmqEnvironment;
    beforeAll(async () => {
      const [name, value] = config.split('=') as [string, string];
      environment = await rocketmqEnvironment({ version: broker, brokerConfig: { [name]: value } });
    });
    afterAll(() => environment?.stop());

    const here = toRun.filter(cell => cell.broker === broker && (sides as readonly Side[]).includes(cell.side));
    it.each(here.map(cell => [cellName(cell), cell] as const))('%s', async (name, cell) => {
      onTestFailed(() => console.log(environment.rocketmq.sampleLogs()));
      await isolates(environment, cell);
      wasRun.add(name);
    });
  });
});

async function isolates(
  environment: RocketmqEnvironment,
  { row, broker, side }: (typeof cells)[number],
): Promise<void> {
  const { client, mode } = row;
  const topic = `T-${side}-${row.name.replace(/\W/g, '-')}`;
  const group = `group-${side}-${row.name.replace(/\W/g, '-')}`;
  await environment.rocketmq.createTopic(topic, { queues: 2 });
  await environment.rocketmq.createGroup(group);
  const subscription = { client, mode, group, subscriptions: { [topic]: 'A || B' } };
  const env = {
    GRAY_MQ_BASELINE: 'none',
    ...(side === 'auto' ? {} : { GRAY_MQ_FILTER_SIDE: side }),
    // Clients of the remoting protocol know their name servers themselves.
    ...(versionOf(client).client.protocol === 'grpc' ? { GRAY_MQ_NAMESRV: environment.rocketmq.namesrv } : {}),
  };
  // A fleet of several clients: messages of each producer.
  const producers: Client[] = broker === '5.5.0' ? ['rocketmq-client-nodejs', 'ali-ons 3'] : ['ali-ons 3', 'ali-ons 2'];
  const [base, canary, ...sending] = await Promise.all([
    environment.consumer(subscription, env),
    environment.consumer(subscription, { ...env, GRAY_TAG: 'gray' }),
    ...producers.map(producer => environment.producer([topic], {}, producer)),
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

describe('the table', () => {
  afterAll(() => {
    const lines = cells.map(cell => {
      const reason = reasonAgainst(cell.row, cell.broker, cell.side);
      return `${reason === undefined ? 'run    ' : 'not run'}  ${cellName(cell)}${reason ? `: ${reason}` : ''}`;
    });
    console.log(`isolation, client x broker x filter side:\n${lines.join('\n')}`);
  });

  it('has no cell that was neither run nor given a reason', () => {
    const missing = toRun.map(cellName).filter(name => !wasRun.has(name));
    expect(missing).toEqual([]);
  });
});
