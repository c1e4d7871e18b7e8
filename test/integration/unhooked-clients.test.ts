/** RocketMQ clients that no hook sees: a canary never takes the baseline's messages by one without a word. */
import { cpSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentLines } from './agent-lines';
import { PRELOAD, run } from './child';
import { type Client, type RocketmqEnvironment, rocketmqEnvironment } from './rocketmq-environment';

let environment: RocketmqEnvironment;
beforeAll(async () => {
  environment = await rocketmqEnvironment();
  const { sandbox } = environment;
  // In the second directory below its package.json: rocketmq-client-nodejs reads it from there.
  const applications = {
    consumer: 'rocketmq-client-nodejs/consumer',
    producer: 'rocketmq-client-nodejs/producer',
    'ali-ons': 'ali-ons/consumer-or-producer',
  };
  for (const [name, application] of Object.entries(applications)) {
    await build({
      entryPoints: [sandbox.path(`clients/${application}.js`)],
      outfile: sandbox.path(`bundled/dist/${name}.js`),
      bundle: true,
      minify: true,
      loader: { '.node': 'copy' },
      external: ['proxy-agent'],
      define: { 'process.env.CLIENT': '"ali-ons"' },
      platform: 'node',
      logLevel: 'error',
    });
  }
  const application = readFileSync(sandbox.path('clients/rocketmq-client-nodejs/consumer.js'), 'utf8');
  sandbox.write('unknown/consumer.js', application.replace('../echo.js', '../clients/echo.js'));
  // The real client, as if it were of a later version.
  const unknown = 'unknown/node_modules/rocketmq-client-nodejs';
  cpSync(sandbox.path('node_modules/rocketmq-client-nodejs'), sandbox.path(unknown), { recursive: true });
  const description = JSON.parse(readFileSync(sandbox.path(`${unknown}/package.json`), 'utf8'));
  sandbox.write(`${unknown}/package.json`, JSON.stringify({ ...description, version: '2.0.0' }));
  sandbox.write(
    'late/consumer.js',
    "require('rocketmq-client-nodejs'); require('rocketmq-gray/register'); require('../clients/rocketmq-client-nodejs/consumer.js');",
  );
  sandbox.write('both.js', "require('rocketmq-client-nodejs'); require('./bundled/dist/consumer.js');");
});
afterAll(() => environment?.stop());

const GRAY = { GRAY_TAG: 'gray' };
const CONTINUE = { ...GRAY, GRAY_ON_FAILURE: 'continue' };

let count = 0;
async function prepared() {
  const name = `unhooked-${++count}`;
  await Promise.all([environment.rocketmq.createTopic(name), environment.rocketmq.createGroup(name)]);
  return { group: name, topic: name };
}

/** Starts a consumer of the script, and sends a message of the baseline once it runs or has ended. */
async function consumer(script: string, env: Record<string, string>, client: Client = 'rocketmq-client-nodejs') {
  const { group, topic } = await prepared();
  const { endpoints, namesrv } = environment.rocketmq;
  const settings = {
    ...(client === 'rocketmq-client-nodejs' ? { endpoints } : { namesrv }),
    group,
    subscriptions: { [topic]: '*' },
  };
  const child = environment.start(script, settings, { ...env, CLIENT: client.split(' ')[0] ?? '' });
  const producer = await environment.producer([topic]);
  await producer.send({ topic, body: 'untagged' });
  await producer.child.stop();
  return { child, group };
}

const lastOf = (output: string) => agentLines(output).at(-1);
const EACH = [
  { client: 'rocketmq-client-nodejs', script: 'bundled/dist/consumer.js' },
  { client: 'ali-ons 3', script: 'bundled/dist/ali-ons.js' },
] as const;

describe.each(EACH)('$client within a bundle', ({ client, script }) => {
  it('ends a canary before it takes a message of the baseline', async () => {
    const { child, group } = await consumer(script, GRAY, client);
    const { code, stdout, stderr } = await child.ended;
    expect({ code, got: stdout.includes('"got"') }).toEqual({ code: 1, got: false });
    expect(agentLines(stderr)).toEqual([
      expect.stringMatching(/^tag gray/),
      expect.stringMatching(
        /^error: this process speaks to RocketMQ at 127\.0\.0\.1:\d+ by a client that is not hooked \(it is bundled into the application .*rocketmq-gray\/esbuild/,
      ),
      expect.stringMatching(
        new RegExp(
          `^error: a consumer of ${group} is not hooked .* it would take the baseline's messages; this canary`,
        ),
      ),
    ]);
  });

  it('is an error in a canary that is to go on, and in the baseline', async () => {
    const canary = await consumer(script, CONTINUE, client);
    await canary.child.waitFor('"got":"untagged"');
    expect(lastOf(canary.child.stderr)).toMatch(/this canary of gray goes on and is not kept apart$/);
    await canary.child.stop();
    const baseline = await consumer(script, {}, client);
    await baseline.child.waitFor('"got":"untagged"');
    expect(lastOf(baseline.child.stderr)).toMatch(
      /it would take the messages of canaries too; this process of the baseline goes/,
    );
    await baseline.child.stop();
  });

  it('is nobody’s business where messages are left alone', async () => {
    const { child } = await consumer(script, { ...GRAY, GRAY_MQ_ENABLED: 'false' }, client);
    await child.waitFor('"got":"untagged"');
    expect(agentLines(child.stderr)).toEqual([expect.stringMatching(/^tag gray/)]);
    await child.stop();
  });
});

it('a producer within a bundle is an error, and goes on', async () => {
  const { topic } = await prepared();
  const child = environment.start(
    'bundled/dist/producer.js',
    { endpoints: environment.rocketmq.endpoints, topics: [topic] },
    GRAY,
  );
  const { port } = JSON.parse(await child.waitFor('"port"')) as { port: number };
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    body: JSON.stringify({ topic, body: 'b' }),
  });
  expect(response.status).toBe(200);
  expect(agentLines(child.stderr)).toEqual([
    expect.stringMatching(/^tag gray/),
    expect.stringMatching(
      /^error: this process speaks to RocketMQ .* its messages carry no tag, and its consumers are not kept/,
    ),
  ]);
  await child.stop();
});

it('a bundled consumer beside a client that is hooked ends a canary, too', async () => {
  const { child, group } = await consumer('both.js', GRAY);
  const { code, stdout, stderr } = await child.ended;
  expect({ code, got: stdout.includes('"got"') }).toEqual({ code: 1, got: false });
  expect(lastOf(stderr)).toContain(`a consumer of ${group} is not hooked`);
});

describe('a client of a version that is not known', () => {
  it('is a warning; its first consumer ends a canary', async () => {
    const { child } = await consumer('unknown/consumer.js', GRAY);
    const { code, stdout, stderr } = await child.ended;
    expect({ code, got: stdout.includes('"got"') }).toEqual({ code: 1, got: false });
    expect(agentLines(stderr)).toEqual([
      expect.stringMatching(/^tag gray/),
      expect.stringMatching(/^warn: rocketmq-client-nodejs 2\.0\.0 is not a version this agent knows/),
      expect.stringMatching(
        /^error: a consumer of rocketmq-client-nodejs 2\.0\.0 is made, .*; this canary of gray cannot be/,
      ),
    ]);
  });

  it('is an error in the baseline and where a canary is to go on', async () => {
    for (const [env, who] of [
      [{}, 'this process of the baseline goes on'],
      [CONTINUE, 'this canary of gray goes on'],
    ] as const) {
      const { child } = await consumer('unknown/consumer.js', env);
      await child.waitFor('"got":"untagged"');
      const errors = agentLines(child.stderr).filter(line =>
        line.startsWith('error: a consumer of rocketmq-client-nodejs 2.0.0 is made'),
      );
      expect(errors).toEqual([expect.stringContaining(who)]);
      await child.stop();
    }
  });

  it('ends a canary also where it is in native code', async () => {
    const { sandbox } = environment;
    const native = 'native/node_modules/apache-rocketmq';
    sandbox.write(`${native}/package.json`, '{ "name": "apache-rocketmq", "version": "2.0.0", "main": "index.js" }');
    sandbox.write(
      `${native}/index.js`,
      'module.exports = { PushConsumer: class PushConsumer {}, Producer: class Producer {} };',
    );
    sandbox.write(
      'native/app.js',
      "const { Producer, PushConsumer } = require('apache-rocketmq'); new Producer(); console.log('produces'); new PushConsumer('g'); console.log('consumes');",
    );
    const start = (env: Record<string, string>) =>
      run({ cwd: sandbox.directory, env, args: [...PRELOAD, 'native/app.js'] });
    const ended = await start(GRAY);
    expect(ended).toMatchObject({ code: 1, stdout: 'produces\n' });
    expect(lastOf(ended.stderr)).toContain('error: a consumer of apache-rocketmq 2.0.0 is made');
    expect(await start({})).toMatchObject({ code: 0, stdout: 'produces\nconsumes\n' });
  });
});

it('a consumer of a client that was loaded before the agent ends a canary', async () => {
  const { child, group } = await consumer('late/consumer.js', { ...GRAY, WITHOUT_AGENT: '1' });
  const { code, stdout, stderr } = await child.ended;
  expect({ code, got: stdout.includes('"got"') }).toEqual({ code: 1, got: false });
  expect(agentLines(stderr)).toContainEqual(
    expect.stringMatching(/^error: loaded before the agent.*rocketmq-client-nodejs/),
  );
  expect(lastOf(stderr)).toContain(
    `a consumer of ${group} is not hooked (rocketmq-client-nodejs was loaded before the agent)`,
  );
});

it('a connection to a known name server by nobody knows whom is an error', async () => {
  const { sandbox, rocketmq } = environment;
  sandbox.write(
    'socket.js',
    `const [host, port] = process.env.TARGET.split(':');
    const socket = require('net').connect(port, host, () => { console.log('connected'); socket.destroy(); });`,
  );
  const start = (env: Record<string, string>) =>
    run({ cwd: sandbox.directory, env: { TARGET: rocketmq.namesrv, ...env }, args: [...PRELOAD, 'socket.js'] });
  const known = await start({ ...GRAY, GRAY_MQ_NAMESRV: rocketmq.namesrv });
  expect(known).toMatchObject({ code: 0, stdout: 'connected\n' });
  expect(lastOf(known.stderr)).toContain(`error: this process speaks to RocketMQ at ${rocketmq.namesrv}`);
  expect(agentLines((await start(GRAY)).stderr)).toHaveLength(1);
});
