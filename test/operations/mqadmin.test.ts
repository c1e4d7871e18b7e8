/** The commands that the documentation and doctor tell people to run: each of them does what it is for. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Rocketmq, rocketmqJars } from '../../fixtures/rocketmq';
import { classPath } from '../../fixtures/servers/jars';
import { javaCommand, QUICK_START } from '../../fixtures/servers/java';
import { run } from '../../fixtures/servers/run-program';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import { doctorChecks } from '../../src/inspection/doctor/doctor-checks';
import { doctorPicture } from '../../src/inspection/doctor/doctor-picture';
import type { Broker } from '../../src/rocketmq/administration/broker';
import {
  type BrokerAdministration,
  brokerAdministration,
} from '../../src/rocketmq/administration/broker-administration';
import { MARKER_NAMESPACE } from '../../src/rocketmq/hand-over/canary-marker';
import { UPDATE_BROKER_CONFIG } from '../../src/rocketmq/remoting/codes';
import { remotingConnection } from '../../src/rocketmq/remoting/connection';

const TOPIC = 'TEST_MQ';
const PAGES = ['README.md', 'docs/operations.md'];

/** What the pages show as commands, with the names of a test in the places of theirs. */
function commandsIn(pages: readonly string[], rocketmq: Rocketmq): string[] {
  const texts = pages.map(page => readFileSync(join(__dirname, '..', '..', page), 'utf8'));
  const shown = texts.flatMap(text => [...text.matchAll(/`(mqadmin [^`]+)`/g)].map(([, command = '']) => command));
  const commands = shown.map(command =>
    command
      .replaceAll('<name servers>', rocketmq.namesrv)
      .replaceAll('<cluster>', 'DefaultCluster')
      .replace('group1_pr-123', 'group1_gray'),
  );
  return [...new Set(commands)];
}

describe.each(['5.5.0', '4.9.7'] as const)('RocketMQ %s', version => {
  let rocketmq: Rocketmq;
  let administration: BrokerAdministration;
  let broker: Broker;
  /** ROCKETMQ_HOME, as a distribution has it. */
  let home: string;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'mqadmin-'));
    mkdirSync(join(home, 'conf'));
    writeFileSync(join(home, 'conf', 'logback_tools.xml'), '<configuration/>');
    rocketmq = await takeRocketmq({ version });
    await rocketmq.createTopic(TOPIC, { queues: 1 });
    await rocketmq.createGroup('group1');
    administration = brokerAdministration({ namesrv: rocketmq.namesrv });
    [broker] = (await administration.brokersOfCluster([TOPIC])) as [Broker];
  });
  afterAll(async () => {
    administration?.close();
    if (home !== undefined) rmSync(home, { recursive: true });
    await rocketmq?.stop();
  });

  /** Runs it as a shell would. Whatever goes wrong, mqadmin prints it and ends with 0. */
  const mqadmin = async (command: string): Promise<string> => {
    const jars = classPath(rocketmqJars(version));
    const program = [
      javaCommand(),
      ...QUICK_START,
      '-cp',
      `'${jars}'`,
      'org.apache.rocketmq.tools.command.MQAdminStartup',
    ];
    const said = await run('sh', ['-c', command.replace(/^mqadmin/, program.join(' '))], {
      ...process.env,
      ROCKETMQ_HOME: home,
    });
    expect(said).not.toMatch(/Exception|usage: mqadmin|The (sub )?command|not exist/);
    return said;
  };
  const settings = (group: string) => administration.groupSettings(broker, group);
  /** A canary's group with a marker, that has read nothing of five messages. */
  const left = async () => {
    await rocketmq.createGroup('group1_gray');
    await administration.commitOffset(broker, 'group1_gray', TOPIC, 0, 0);
    await administration.putKeyValue(MARKER_NAMESPACE, 'group1_gray', 'managed 1');
    await switchFilters(false);
  };
  const switchFilters = async (on: boolean) => {
    const connection = remotingConnection(rocketmq.brokerAddress);
    await connection.request(UPDATE_BROKER_CONFIG, {}, Buffer.from(`enablePropertyFilter=${on}\n`));
    connection.close();
  };

  /** What holds once a command was carried out. */
  const EFFECTS: readonly (readonly [command: RegExp, effect: () => Promise<void>])[] = [
    [
      /^mqadmin deleteSubGroup .*-g group1_gray -r true$/,
      async () => {
        expect(await settings('group1_gray')).toBe(undefined);
        await rocketmq.createGroup('group1_gray');
        expect(await administration.committedOffset(broker, 'group1_gray', TOPIC, 0)).toBe(undefined);
      },
    ],
    [
      /^mqadmin deleteKvConfig .*-k group1_gray$/,
      async () => {
        const tables = await administration.keyValues(MARKER_NAMESPACE);
        expect(tables.every(table => !table.has('group1_gray'))).toBe(true);
      },
    ],
    [
      /^mqadmin resetOffsetByTime .*-s now$/,
      async () => {
        const end = await administration.maxOffset(broker, TOPIC, 0);
        expect(await administration.committedOffset(broker, 'group1_gray', TOPIC, 0)).toBe(end);
      },
    ],
    [
      /^mqadmin updateSubGroup .*-g group1 -s false$/,
      async () => {
        expect(await settings('group1')).toMatchObject({ consumeEnable: false });
        await rocketmq.createGroup('group1');
      },
    ],
    [
      /^mqadmin updateBrokerConfig .*-k enablePropertyFilter -v true$/,
      async () => {
        const filter = { type: 'SQL92', expression: "gray_tag = 'gray'" } as const;
        expect(await administration.filterProblem(broker, 'group1', TOPIC, filter)).toBe(undefined);
      },
    ],
  ];

  it('the commands of the documentation', async () => {
    const commands = commandsIn(PAGES, rocketmq);
    expect(commands.length).toBeGreaterThanOrEqual(EFFECTS.length);
    for (const command of commands) {
      const [, effect] = EFFECTS.find(([known]) => known.test(command)) ?? [];
      if (effect === undefined) throw new Error(`nobody knows what this is to do: ${command}`);
      await left();
      await mqadmin(command);
      await effect();
    }
    await switchFilters(true);
  });

  it('the commands of doctor', async () => {
    const question = {
      namesrv: rocketmq.namesrv,
      topic: 'nowhere',
      group: 'nobody',
      tag: 'gray',
      key: 'gray_tag',
      interop: [],
      filter: { type: 'TAG', expression: '*' },
      filterSide: 'auto',
      baselineMode: 'auto',
      ignoredTags: [],
    } as const;
    const advice = async () =>
      doctorChecks(await doctorPicture(question)).flatMap(({ remedies = [] }) =>
        remedies.flatMap(remedy => /mqadmin .*$/.exec(remedy)?.[0] ?? []),
      );
    await rocketmq.createGroup('nobody_gray', { retryMaxTimes: 3 });
    expect((await advice()).map(command => command.split(' ')[1])).toEqual(['updateTopic', 'updateSubGroup']);
    for (const command of await advice()) await mqadmin(command);
    // Now the canary's group has other settings than the baseline's.
    const more = await advice();
    expect(more.map(command => command.split(' ')[1])).toEqual(['updateSubGroup']);
    for (const command of more) await mqadmin(command);
    expect(await advice()).toEqual([]);
    await switchFilters(false);
    const [on] = await advice();
    expect(on).toContain('enablePropertyFilter -v true');
    await mqadmin(on ?? '');
    expect(await advice()).toEqual([]);
  });
});
