import { describe, expect, it } from 'vitest';
import { createCounts } from '../../src/counting/counts';
import type { ProcessReport } from '../../src/process-status/process-report';
import { processReportText } from '../../src/process-status/process-report-text';

const EMPTY: ProcessReport = {
  format: 1,
  version: '1.2.3',
  tag: null,
  process: { pid: 12, thread: 0, script: null, node: '20.1.0', uptime: 7 },
  settings: [],
  libraries: [],
  consumers: [],
  hasMeterProvider: false,
  counts: createCounts({ instanceTag: undefined, knownTags: [], isWanted: () => false }).read(),
};

describe('the text for people', () => {
  it('of a process that has nothing yet', () => {
    expect(processReportText(EMPTY)).toBe(`process 12: rocketmq-gray 1.2.3, baseline
  no script, Node.js 20.1.0, up 7 s
settings
  none
libraries
  none
consumers
  none
counts
  messages are not counted, no OpenTelemetry meter provider
`);
  });

  it('of a busy one', () => {
    const counts = createCounts({ instanceTag: undefined, knownTags: [], isWanted: () => true });
    counts.sent('TEST_MQ', undefined);
    counts.consumed({ group: 'group1_gray', tag: 'gray' }, 'TEST_MQ', 'gray', 'process');
    counts.skipped({ group: 'group1', tag: undefined }, 'TEST_MQ', 'gray');
    counts.givenBack({ group: 'group1_gray', tag: 'gray' }, 1);
    counts.routed('gray', 'baseline');
    counts.malformedTag('baggage');
    counts.hookError('the hook of x');
    const star = { type: 'TAG', expression: '*' } as const;
    const report: ProcessReport = {
      ...EMPTY,
      tag: 'gray',
      process: { ...EMPTY.process, thread: 2, script: '/app/a.js', uptime: 93_784 },
      settings: [
        { name: 'tag', variable: 'GRAY_TAG', value: 'gray', source: { from: 'environment', variable: 'MSE_TAG' } },
        { name: 'mqTags', variable: 'GRAY_MQ_TAGS', value: ['a', 'b'], source: { from: 'file', path: '/gray.json' } },
        { name: 'mqIgnoreTags', variable: 'GRAY_MQ_IGNORE_TAGS', value: [], source: { from: 'default' } },
        { name: 'mqNamesrv', variable: 'GRAY_MQ_NAMESRV', value: null, source: { from: 'default' } },
      ],
      libraries: [
        {
          module: 'ali-ons',
          version: '3.12.0',
          versions: '>=2.0.0 <4',
          isKnown: true,
          patched: ['a', 'b'],
          failed: [],
          directory: '/app/ali-ons',
        },
        {
          module: 'undici',
          version: '7.0.0',
          versions: '>=5.0.0 <9',
          isKnown: true,
          patched: [],
          failed: ['c.js'],
          directory: '/app/undici',
        },
        {
          module: 'nacos',
          version: '9.0.0',
          versions: '>=2.0.0 <3',
          isKnown: false,
          patched: [],
          failed: [],
          directory: '/app/nacos',
        },
      ],
      consumers: [
        {
          client: 'ali-ons 3.12.0',
          baselineGroup: 'group1',
          group: 'group1',
          tag: undefined,
          filterSide: 'client',
          topics: [{ topic: 'TEST_MQ', asked: star, filter: star }],
          tags: [
            {
              tag: 'gray',
              group: 'group1_gray',
              phase: 'managed',
              reason: 'declared',
              canary: 'present',
              canaryHasAgent: true,
              standIn: 'none',
              leftOut: [],
            },
            {
              tag: 'blue',
              group: 'group1_blue',
              phase: 'draining',
              reason: 'marked',
              canary: 'absent',
              canaryHasAgent: true,
              standIn: 'running',
              leftOut: [],
            },
            {
              tag: 'red',
              group: 'group1_red',
              phase: 'retired',
              reason: 'marked',
              canary: 'unknown',
              canaryHasAgent: true,
              standIn: 'none',
              leftOut: [],
            },
          ],
        },
        {
          client: 'rocketmq-client-nodejs',
          baselineGroup: 'group2',
          group: 'group2_gray',
          tag: 'gray',
          filterSide: 'broker',
          topics: [{ topic: 'T', asked: star, filter: { type: 'SQL92', expression: "gray_tag = 'gray'" } }],
          tags: [],
          isAnnounced: false,
        },
      ],
      hasMeterProvider: true,
      counts: { ...counts.read(), messagesSince: 0 },
    };
    expect(processReportText(report, ['/run/x.sock.12-1'])).toBe(`process 12, thread 2: rocketmq-gray 1.2.3, tag gray
  /app/a.js, Node.js 20.1.0, up 1 d 2 h
  a worker thread tells of itself at /run/x.sock.12-1
settings
  GRAY_TAG             gray  environment, MSE_TAG
  GRAY_MQ_TAGS         a,b   file, /gray.json
  GRAY_MQ_IGNORE_TAGS  -     default
  GRAY_MQ_NAMESRV      -     default
libraries
  ali-ons  3.12.0  2 files patched                           /app/ali-ons
  undici   7.0.0   0 files patched, the hook of c.js FAILED  /app/undici
  nacos    9.0.0   left alone, known are >=2.0.0 <3          /app/nacos
consumers
  group1 (ali-ons 3.12.0, other environments are skipped in the client)
    TEST_MQ: *
    gray, group1_gray: managed (declared), its canary is there, stand-in none
    blue, group1_blue: draining, no canary, stand-in running
    red, group1_red: retired, not known who is there, stand-in none
  group2 -> group2_gray (rocketmq-client-nodejs)
    NOT ANNOUNCED: the baseline does not know of it, and takes its messages as well
    T: * -> SQL92 gray_tag = 'gray'
counts
  messages since 1970-01-01T00:00:00.000Z, published by the OpenTelemetry meter provider
  sent to TEST_MQ                                       base  1
  consumed of TEST_MQ in group1_gray as stand-in        gray  1
  skipped of TEST_MQ in group1                          gray  1
  given back to group1_gray                             gray  1
  calls to the baseline, for want of their environment  gray  1
  malformed tags in baggage                                   1
  errors: the hook of x                                       1
`);
  });
});
