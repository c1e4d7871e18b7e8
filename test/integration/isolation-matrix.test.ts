/** Isolation, the same for every client, broker and filter side: a table. Cells that are not run say why. */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { BROKERS, type Cell, isolates, ROWS, reasonAgainst, SIDES, type Side } from './isolation';
import { type RocketmqEnvironment, rocketmqEnvironment } from './rocketmq-environment';

const cells: readonly Cell[] = BROKERS.flatMap(broker =>
  SIDES.flatMap(side => ROWS.map(row => ({ broker, side, row }))),
);
const toRun = cells.filter(({ row, broker, side }) => reasonAgainst(row, broker, side) === undefined);
const wasRun = new Set<string>();
const cellName = ({ row, broker, side }: Cell) => `${row.name} x ${broker} x ${side}`;

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
