/** Tags that come to be declared and ignored while messages flow: none is lost, and none is handled twice. */
import { createHash } from 'node:crypto';
import { renameSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/inspection/fleet/fleet-shape';
import { run } from './child';
import { type Client, GRAY, type RocketmqEnvironment, rocketmqEnvironment } from './rocketmq-environment';

let environment: RocketmqEnvironment;
beforeAll(async () => {
  environment = await rocketmqEnvironment();
});
afterAll(() => environment?.stop());

const GRPC = 'rocketmq-client-nodejs';
const REMOTING = 'ali-ons 3';

const digits = (content: object) => createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 7);

describe.each<[Client, string]>([
  [GRPC, 'grpc'],
  [REMOTING, 'remoting'],
])('the baseline, %s', (client, name) => {
  it('does as the document says, and nothing is lost or handled twice', async () => {
    const { rocketmq, sandbox } = environment;
    const [topic, group] = [`LIVE_${name}`, `live-${name}`];
    await Promise.all([rocketmq.createTopic(topic), rocketmq.createGroup(group)]);
    const file = `${name}.json`;
    const settings = (content: object) => {
      sandbox.write(`${file}.new`, JSON.stringify(content));
      renameSync(sandbox.path(`${file}.new`), sandbox.path(file));
    };
    const consumer = (env: Record<string, string>) =>
      environment.consumer(
        { client, group, subscriptions: { [topic]: '*' } },
        { GRAY_MQ_NAMESRV: rocketmq.namesrv, GRAY_LOG_TO: 'stderr', ...env },
      );
    const producer = await environment.producer([topic], { GRAY_MQ_NAMESRV: rocketmq.namesrv }, client);
    let sent = 0;
    const send = async (count: number, headers = {}) => {
      const bodies = Array.from({ length: count }, () => `m${sent++}`);
      for (const body of bodies) await producer.send({ topic, body }, headers);
      return bodies;
    };

    settings({});
    const baseline = await consumer({ GRAY_CONFIG: sandbox.path(file) });
    await baseline.rebalanced();
    // None of the tag: of a tag that was never spoken of both sides may take the first messages.
    const all = await send(3);
    await baseline.receives(all);

    settings({ mqTags: ['gray'] });
    await baseline.child.waitFor('gray is managed (declared)');
    await baseline.child.waitFor('stand-in on');
    all.push(...(await send(4, GRAY)), ...(await send(4)));
    await baseline.receives(all);

    // What it announces says which version of the settings it has.
    const announced = async () => {
      const cli = sandbox.commandLine;
      const args = [cli, 'status', '--json', '--namesrv', rocketmq.namesrv];
      const { stdout } = await run({ cwd: sandbox.directory, args });
      const { environments } = JSON.parse(stdout) as Fleet;
      return environments.flatMap(({ instances }) => instances.map(({ settings }) => settings));
    };
    await expect.poll(announced, { timeout: 30_000 }).toContain(digits({ mqTags: ['gray'] }));

    settings({ mqTags: ['gray'], mqIgnoreTags: ['gray'] });
    await baseline.child.waitFor('stand-in off, gray is ignored');
    const left = await send(5, GRAY);
    all.push(...(await send(3)));
    await baseline.receives(all);

    const canary = await consumer({ GRAY_TAG: 'gray' });
    await canary.receives(left, 60_000);
    await canary.child.stop('SIGTERM');

    settings({ mqTags: ['gray'] });
    const lines = () => baseline.child.stderr.split('\n').filter(line => line.includes('stand-in on')).length;
    await expect.poll(lines, { timeout: 30_000 }).toBe(2);
    all.push(...(await send(3, GRAY)), ...(await send(3)));
    // What a canary that is ended has handled and not committed comes again, as without any of this.
    const got = () =>
      baseline
        .got()
        .map(message => message.got)
        .filter(body => !left.includes(body));
    await expect.poll(() => got().sort(), { timeout: 60_000 }).toEqual([...all].sort());
    expect(baseline.child.stderr.match(/GRAY-120 .*/g)).toHaveLength(3);
  }, 180_000);
});
