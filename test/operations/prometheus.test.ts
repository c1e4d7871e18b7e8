/**
 * The dashboard (docs/grafana-dashboard.json) and the alert of docs/metrics.md on a real Prometheus, which scrapes
 * applications with the Prometheus exporter of OpenTelemetry, on a real RocketMQ; and what those tell by their status
 * sockets meanwhile.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPrometheus, type Prometheus, startPrometheus } from '../../fixtures/prometheus';
import { freePort } from '../../fixtures/servers/free-ports';
import type { ProcessReport } from '../../src/process-status/process-report';
import {
  type Client,
  type ConsumerApp,
  GRAY,
  type RocketmqEnvironment,
  rocketmqEnvironment,
} from '../integration/rocketmq-environment';

const documents = join(__dirname, '../../docs');
const TOPIC = 'Measured';
const GRPC = 'rocketmq-client-nodejs';
const REMOTING = 'ali-ons 3';
/** Expressions that may have nothing to answer, by the words of their panels: nothing of that happens here. */
const MAY_BE_EMPTY = [
  'Given back',
  'Calls, by environment and where they went',
  'Errors of the agent, by hook',
  'Requests without a tag, by rule',
  'Changes of settings',
];

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
const { panels } = JSON.parse(readFileSync(join(documents, 'grafana-dashboard.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
};
/** As Grafana fills it in. */
const filled = (expression: string) =>
  expression.replaceAll('$__rate_interval', '30s').replaceAll('$__range', '10m').replaceAll('$environment', '.*');
/** Nobody handles a canary's messages; both sides do. */
const [nobody = '', twice = '', ...others] = [
  ...readFileSync(join(documents, 'metrics.md'), 'utf8').matchAll(/```\n(max by[\s\S]*?)```/g),
].map(([, expression]) => expression ?? '');

describe('on a real Prometheus', () => {
  /** Why there is none: then there is nothing to test. */
  let missing: string | undefined;
  let environment: RocketmqEnvironment;
  let prometheus: Prometheus;
  let sockets: string;
  let ports: Readonly<Record<'producer' | 'baseline' | 'canary' | 'client' | 'other', number>>;

  const measured = (port: number, env: Record<string, string> = {}) => ({
    GRAY_MQ_NAMESRV: environment.rocketmq.namesrv,
    GRAY_STATUS: sockets,
    METRICS_PORT: `${port}`,
    NODE_OPTIONS: `--require ${environment.sandbox.path('opentelemetry/prometheus.cjs')}`,
    ...env,
  });
  const consumer = (group: string, port: number, env: Record<string, string>, client: Client = GRPC) =>
    environment.consumer({ client, group, subscriptions: { [TOPIC]: '*' } }, measured(port, env));

  beforeAll(async () => {
    const installed = await installPrometheus();
    if ('missing' in installed) {
      missing = installed.missing;
      return;
    }
    const dependencies = {
      '@opentelemetry/api': '~1.9.0',
      '@opentelemetry/sdk-metrics': '^2.0.0',
      '@opentelemetry/exporter-prometheus': '^0.223.0',
    };
    environment = await rocketmqEnvironment({}, dependencies);
    sockets = environment.sandbox.path('sockets');
    mkdirSync(sockets);
    const [producer, baseline, canary, client, other] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    ports = { producer, baseline, canary, client, other };
    prometheus = await startPrometheus(installed.program, Object.values(ports));
    await environment.rocketmq.createTopic(TOPIC, { queues: 2 });
    for (const group of ['measured', 'skipping']) await environment.rocketmq.createGroup(group);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await environment?.stop();
  });

  const reportOf = async (app: { readonly child: ConsumerApp['child'] }): Promise<ProcessReport> => {
    const args = [join(environment.sandbox.agentDirectory, 'dist', 'cli.js'), 'status', `${app.child.process.pid}`];
    return JSON.parse((await promisify(execFile)(process.execPath, [...args, '--json'])).stdout) as ProcessReport;
  };

  it('every expression of the dashboard answers, and says who handled what', async ({ skip }) => {
    if (missing !== undefined) skip(missing);
    const producer = await environment.producer([TOPIC], measured(ports.producer));
    const baseline = await consumer('measured', ports.baseline, { GRAY_MQ_TAGS: 'gray' });
    const untagged = { GRAY_MQ_BASELINE: 'none', GRAY_MQ_FILTER_SIDE: 'client' };
    const client = await consumer('skipping', ports.client, untagged, REMOTING);
    await client.rebalanced();
    const other = await environment.producer([TOPIC], measured(ports.other), REMOTING);
    await baseline.child.waitFor('stand-in on', 60_000);

    const send = async (bodies: readonly string[]) => {
      for (const body of bodies) await producer.send({ topic: TOPIC, body }, body.startsWith('g') ? GRAY : {});
    };
    await send(['b0', 'g0', 'g1']);
    await producer.send({ topic: TOPIC, body: 'b1' }, { baggage: 'gray_tag=a_b' });
    await other.send({ topic: TOPIC, body: 'g3' }, GRAY);
    await baseline.receives(['b0', 'b1', 'g0', 'g1', 'g3']);
    await client.receives(['b0', 'b1']);

    const group = { baselineGroup: 'measured', client: GRPC, filterSide: 'broker' };
    const asked = { type: 'TAG', expression: '*' };
    const gray = { tag: 'gray', group: 'measured_gray', phase: 'managed', reason: 'declared', leftOut: [TOPIC] };
    const left = "(gray_tag IS NULL OR gray_tag NOT IN ('gray') OR ORIGIN_GROUP IS NOT NULL)";
    const before = await reportOf(baseline);
    expect(before).toMatchObject({
      tag: null,
      hasMeterProvider: true,
      consumers: [
        {
          ...group,
          group: 'measured',
          topics: [{ topic: TOPIC, asked, filter: { type: 'SQL92', expression: left } }],
          tags: [{ ...gray, canary: 'absent', standIn: 'running' }],
        },
      ],
      libraries: expect.arrayContaining([expect.objectContaining({ module: GRPC, failed: [] })]),
    });
    const ofTopic = { topic: TOPIC, operation: 'process' };
    expect(before.counts.consumed).toEqual(
      expect.arrayContaining([
        { ...ofTopic, group: 'measured', environment: 'base', standIn: 'false', count: 2 },
        { ...ofTopic, group: 'measured_gray', environment: 'gray', standIn: 'true', count: 3 },
      ]),
    );

    const canary = await consumer('measured', ports.canary, { GRAY_TAG: 'gray' });
    await baseline.child.waitFor('stand-in off', 60_000);
    await send(['g2', 'b2']);
    await canary.receives(['g2']);
    expect(await reportOf(canary)).toMatchObject({
      tag: 'gray',
      consumers: [
        {
          ...group,
          group: 'measured_gray',
          tag: 'gray',
          topics: [{ asked, filter: { expression: "gray_tag = 'gray'" } }],
          isAnnounced: true,
        },
      ],
      counts: { consumed: [{ ...ofTopic, group: 'measured_gray', environment: 'gray', standIn: 'false', count: 1 }] },
    });

    const one = async (expression: string) => (await prometheus.query(expression)).map(({ value }) => value);
    /** Waits until Prometheus has seen it: a scrape later than the applications. */
    const shows = async (expression: string, ...expected: readonly number[]) => {
      const limit = Date.now() + 60_000;
      for (;;) {
        const values = await one(expression);
        if (values.join() === expected.join()) return;
        if (Date.now() > limit) throw new Error(`${expression} is [${values}], not [${expected}]`);
        await new Promise(resolve => setTimeout(resolve, 250));
      }
    };
    const consumed = (labels: string) => `sum(messaging_client_consumed_messages_total{${labels}})`;
    const environmentIs = (tag: string) => `rocketmq_gray_environment="${tag}"`;
    await shows(`sum(messaging_client_sent_messages_total{${environmentIs('gray')}})`, 4);
    await shows(`sum(messaging_client_sent_messages_total{${environmentIs('base')}})`, 3);
    await shows(consumed(`messaging_consumer_group_name="measured_gray", rocketmq_gray_stand_in="true"`), 3);
    await shows(consumed(`messaging_consumer_group_name="measured_gray", rocketmq_gray_stand_in="false"`), 1);
    await shows(consumed(`messaging_consumer_group_name="measured", ${environmentIs('base')}`), 3);
    // The client of the remoting protocol, which skips.
    await shows(consumed(`messaging_consumer_group_name="skipping"`), 3);
    await shows(`sum(rocketmq_gray_skipped_messages_total{messaging_consumer_group_name="skipping"})`, 4);
    await shows('max(rocketmq_gray_canary_present)', 1);
    await shows('sum(rocketmq_gray_stand_in_running)', 0);
    await shows(`sum by (rocketmq_gray_environment) (rocketmq_gray_agent_info{${environmentIs('gray')}})`, 1);
    expect([await one(nobody), await one(twice)]).toEqual([[], []]);
    // As it would be if the baseline took them as well.
    expect(await one(twice.replace('rocketmq_gray_tag_managed', '(rocketmq_gray_tag_managed * 0)'))).toEqual([1]);
    const tags = await prometheus.labelValues('rocketmq_gray_environment', 'messaging_client_sent_messages_total');
    expect(tags).toEqual(['base', 'gray']);

    const empty: string[] = [];
    for (const { title, targets = [] } of panels) {
      for (const { expr } of targets) {
        if ((await prometheus.query(filled(expr))).length === 0) empty.push(title);
      }
    }
    expect(empty.filter(title => !MAY_BE_EMPTY.includes(title))).toEqual([]);

    // Without its canary and with a baseline that cannot stand in any more, there is nobody.
    await canary.child.stop('SIGKILL');
    await shows('sum(rocketmq_gray_stand_in_running)', 1);
    await shows('max(rocketmq_gray_canary_present)', 0);
    expect([await one(nobody), await one(twice)]).toEqual([[], []]);
    // As it would be if nobody stood in.
    const withoutStandIn = nobody.replace('rocketmq_gray_stand_in_running', '(rocketmq_gray_stand_in_running * 0)');
    expect(await one(withoutStandIn)).toEqual([1]);
    expect(others).toEqual([]);
  }, 240_000);
});
