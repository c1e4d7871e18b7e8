/** What is decided by what a client can do. */
import { describe, expect, it, vi } from 'vitest';
import { loadSettings } from '../../src/config/load';
import type { ClientKind } from '../../src/rocketmq/consumer/client';
import { FilterSideError } from '../../src/rocketmq/consumer/filter-side';
import { BlindConsumerError, createSessions, type SessionsOptions } from '../../src/rocketmq/consumer/sessions';
import { recordedLog } from './recorded-log';

const CLIENT: ClientKind = { name: 'some-client', knowsSql92: false, sharesQueues: false };

function sessions(env: Record<string, string>, isLive = false) {
  const lines: string[] = [];
  const refused: string[] = [];
  const log = recordedLog(lines, 'debug');
  const settings = { ...loadSettings(env).settings };
  const onNoCopies: SessionsOptions['onNoCopies'] = (line, values) => void refused.push(line.words(values));
  const made = createSessions({ settings, isLive, log, onTag() {}, onOpened() {}, report() {}, onNoCopies });
  return { lines, refused, settings, ...made };
}

describe('a client whose consumers nobody can stand in beside', () => {
  const client = { ...CLIENT, canStandIn: false } as const;

  it('takes everything in a baseline of mode auto, and says so', () => {
    const { open, lines } = sessions({});
    expect(open('group1', client).intake).toMatchObject({ group: 'group1', isFiltered: false });
    expect(lines).toEqual([
      'warn: group1: beside a consumer of some-client nobody can stand in for a canary: it takes the messages of every tag that is not in GRAY_MQ_IGNORE_TAGS, as with GRAY_MQ_BASELINE=all',
    ]);
  });

  it('still leaves ignored tags alone', () => {
    const made = sessions({ GRAY_MQ_IGNORE_TAGS: 'blue' }).open('group1', client).intake;
    const takes = (tag: string) => made.takes({ topic: 'T', tag, isRetry: false });
    expect([takes('gray'), takes('blue')]).toEqual([true, false]);
  });

  it.each([{ GRAY_MQ_BASELINE: 'all' }, { GRAY_MQ_BASELINE: 'none' }, { GRAY_TAG: 'gray' }])(
    'is as any other with %j',
    env => {
      const { open, lines } = sessions(env);
      const { takes, isFiltered } = open('group1', client).intake;
      const other = sessions(env).open('group1', CLIENT).intake;
      const message = { topic: 'T', tag: 'gray', isRetry: false };
      expect([isFiltered, takes(message)]).toEqual([other.isFiltered, other.takes(message)]);
      expect(lines.join()).not.toContain('stand in');
    },
  );
});

describe('copies of untagged messages', () => {
  const COPIES = { GRAY_TAG: 'gray', GRAY_MQ_ALSO: 'baseline' };
  const NAMESRV = { GRAY_MQ_NAMESRV: 'n:9876' };
  const report = (env: Record<string, string>, client: ClientKind) => {
    const { open, refused } = sessions(env);
    return { copies: open('group1', client).report()?.copies, refused };
  };

  it.each<[string, ClientKind, Record<string, string>, string[]]>([
    ['the remoting protocol', CLIENT, {}, []],
    ['a proxy, with name servers', { ...CLIENT, sharesQueues: true }, NAMESRV, []],
    ['a proxy alone', { ...CLIENT, sharesQueues: true }, {}, ['no name server is known']],
    ['one consumer only', { ...CLIENT, canStandIn: false }, NAMESRV, ['offers no way to make a second consumer']],
  ])('are for a client of %s', (_name, client, env, problems) => {
    const { copies, refused } = report({ ...COPIES, ...env }, client);
    expect(refused).toEqual(problems.map(problem => expect.stringContaining(problem)));
    expect(copies).toEqual(problems.length > 0 ? undefined : { group: 'group1_gray__copies', isThere: false });
  });

  it('are not for a canary that does not ask for them', () => {
    const one = { ...CLIENT, canStandIn: false as const };
    expect(report({ GRAY_TAG: 'gray' }, one)).toEqual({ copies: undefined, refused: [] });
  });
});

describe('a client whose consumers do not show the tag of a message', () => {
  const client = { ...CLIENT, canStandIn: false, blindness: 'its build is an old one' } as const;

  it.each([
    [{ GRAY_TAG: 'gray' }, 'messages are those of gray'],
    [{ GRAY_MQ_BASELINE: 'none' }, 'messages are left to canaries'],
    [{ GRAY_MQ_IGNORE_TAGS: 'blue' }, 'messages are left to canaries'],
  ])('is refused where it would take what it must not: %j', (env, which) => {
    const { open, lines } = sessions(env);
    const words = `its build is an old one, so nobody can tell which ${which}: the consumer of group1 is not made`;
    expect(() => open('group1', client)).toThrow(new BlindConsumerError(`[rocketmq-gray] GRAY-314 ${words}`));
    expect(lines.filter(line => line.startsWith('error: '))).toEqual([`error: ${words}`]);
  });

  it('takes everything in a baseline that may, with a warning', () => {
    const { open, lines } = sessions({ GRAY_MQ_BASELINE: 'all' });
    expect(open('group1', client).intake.isFiltered).toBe(false);
    expect(lines).toEqual([
      'warn: its build is an old one: consumers of group1 handle messages of canaries as if they had no tag',
    ]);
  });
});

describe('brokers that cannot filter', () => {
  const refusal = new Error('The broker does not support consumer to filter message by SQL92');
  const words = 'a broker has SQL92 filters switched off';
  const client: ClientKind = { ...CLIENT, knowsSql92: true };

  it('have the client filter from now on, where it may', () => {
    const { open, onError, lines } = sessions({ GRAY_TAG: 'gray' });
    const { intake } = open('group1', client);
    const changes: string[] = [];
    intake.onChange(() => changes.push(intake.side));
    expect([onError(intake, refusal), onError(intake, refusal)]).toEqual(['retry', 'pass']);
    expect(changes).toEqual(['client']);
    expect(lines[0]).toBe(
      `warn: messages are told apart in the client, so every environment receives all messages and skips those of the others: ${words} (enablePropertyFilter=true in the broker's configuration changes that)`,
    );
  });

  it('are an error where the settings leave it to them', () => {
    const { open, onError, lines } = sessions({ GRAY_TAG: 'gray', GRAY_MQ_FILTER_SIDE: 'broker' });
    const { intake } = open('group1', client);
    expect([onError(intake, refusal), intake.side]).toEqual(['pass', 'broker']);
    expect(lines[0]).toMatch(new RegExp(`^error: ${words}, and GRAY_MQ_FILTER_SIDE=broker leaves it to the broker`));
  });

  it('are told apart from that a group is paused, which is said of canaries alone', () => {
    const paused = new Error('CODE: 16  DESC: subscription group no permission, group1_gray');
    for (const [settings, expected] of [
      [
        { GRAY_TAG: 'gray' },
        ['warn: group1_gray may not consume (consumeEnable=false): its messages wait until somebody switches it on'],
      ],
      [{}, []],
    ] as const) {
      const { open, onError, lines } = sessions(settings);
      const { intake } = open('group1', client);
      expect([onError(intake, paused), onError(intake, paused)]).toEqual(['pass', 'pass']);
      expect([...new Set(lines.filter(line => line.includes('may not consume')))]).toEqual(expected);
    }
  });

  it('are told apart from other errors', () => {
    const { open, onError, lines } = sessions({ GRAY_TAG: 'gray' });
    const { intake } = open('group1', client);
    expect([onError(intake, new Error('timeout')), onError(intake, undefined), lines]).toEqual(['pass', 'pass', []]);
  });
});

describe('a client that knows no SQL92', () => {
  it.each([
    ['auto', 'consumers of some-client know no SQL92 filters'],
    ['client', 'GRAY_MQ_FILTER_SIDE=client'],
  ])('filters itself with GRAY_MQ_FILTER_SIDE=%s', (side, reason) => {
    const { open, lines } = sessions({ GRAY_TAG: 'gray', GRAY_MQ_FILTER_SIDE: side });
    expect(open('group1', CLIENT).intake.side).toBe('client');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`skips those of the others: ${reason}`);
  });

  it('is refused with GRAY_MQ_FILTER_SIDE=broker, and is no consumer then', () => {
    const { open, consumers } = sessions({ GRAY_TAG: 'gray', GRAY_MQ_FILTER_SIDE: 'broker' });
    expect(() => open('group1', CLIENT)).toThrow(FilterSideError);
    expect(consumers()).toEqual([]);
  });

  it('may have any setting where nothing is filtered', () => {
    const { open, lines } = sessions({ GRAY_MQ_BASELINE: 'all', GRAY_MQ_FILTER_SIDE: 'broker' });
    expect([open('group1', CLIENT).intake.side, lines]).toEqual(['broker', []]);
  });
});

describe('what people are told', () => {
  it('of a consumer that was left as it is: in a canary, as an error', () => {
    for (const [env, count] of [
      [{}, 0],
      [{ GRAY_TAG: 'gray' }, 1],
    ] as const) {
      const { sayUnplanned, lines } = sessions(env);
      sayUnplanned('group1');
      expect(lines.filter(line => line.startsWith('error: a consumer of this canary'))).toHaveLength(count);
    }
  });

  it.each([
    [{}, true],
    [{ GRAY_MQ_NAMESRV: 'n:9876' }, false],
  ])('of a group that is missing: how to create it, unless the agent does (%j)', (env, saysHow) => {
    const { open, sayGroupIsMissing, lines } = sessions({ GRAY_TAG: 'gray', ...env });
    sayGroupIsMissing(open('group1', { ...CLIENT, knowsSql92: true }).intake, 'proxy:8081');
    expect(lines[0]).toContain('the RocketMQ at proxy:8081 has no consumer group group1_gray');
    expect(lines[0]?.includes("mqadmin updateSubGroup -n '<name server>' -c '<cluster>' -g group1_gray")).toBe(saysHow);
  });

  it('of the consumers: those that are not closed, with what they subscribe to', async () => {
    const { open, consumers } = sessions({ GRAY_MQ_BASELINE: 'none' });
    const [one, other] = [open('group1', CLIENT), open('group2', CLIENT)];
    one.subscribed([{ topic: 'T', filter: { type: 'TAG', expression: 'A' } }]);
    await other.close(() => {});
    expect(consumers()).toEqual([
      {
        client: 'some-client',
        baselineGroup: 'group1',
        group: 'group1',
        tag: undefined,
        filterSide: 'client',
        topics: [{ topic: 'T', asked: { type: 'TAG', expression: 'A' }, filter: { type: 'TAG', expression: 'A' } }],
        tags: [],
      },
    ]);
  });
});

describe('a baseline that knows no name server', () => {
  const start = async (env: Record<string, string>, sharesQueues: boolean) => {
    const { open, lines } = sessions(env);
    const session = open('group1', { ...CLIENT, knowsSql92: true, sharesQueues });
    session.subscribed([{ topic: 'T', filter: { type: 'TAG', expression: '*' } }]);
    const standIns = () => ({ start: () => Promise.reject(new Error('none is needed')) });
    const reach = { connection: () => ({ endpoint: 'proxy:8081' }), standIns };
    expect(await session.start(reach, () => 'started')).toBe('started');
    await session.close(() => {});
    return lines;
  };

  it('asks for none in another mode', async () => {
    expect(await start({ GRAY_MQ_BASELINE: 'none' }, true)).toEqual([
      'info: group1, T: (gray_tag IS NULL OR ORIGIN_GROUP IS NOT NULL)',
    ]);
  });

  it.each([
    [{}, true],
    [{ GRAY_MQ_TAGS: 'gray' }, false],
  ])('takes the messages of every tag, and says so (%j, a client of a proxy: %s)', async (env, sharesQueues) => {
    expect(await start(env, sharesQueues)).toEqual([
      'info: group1, T: *',
      'warn: group1: no name server is known (GRAY_MQ_NAMESRV), so nobody can say which canaries are there: the baseline takes the messages of every tag that is not in GRAY_MQ_IGNORE_TAGS, as with GRAY_MQ_BASELINE=all',
    ]);
  });
});

describe('tags that change while consumers run', () => {
  const message = (tag: string) => ({ topic: 'T', tag, isRetry: false });
  const sql92 = { ...CLIENT, knowsSql92: true };
  const written = { type: 'TAG', expression: '*' } as const;

  it.each(['all', 'none', 'auto'])('are ignored by consumers of mode %s, and taken again', mode => {
    const { open, settings, tagsChanged } = sessions({ GRAY_MQ_BASELINE: mode }, true);
    const { intake } = open('group1', sql92);
    const before = [intake.filter(written, 'T'), intake.takes(message('a'))];
    const onChange = vi.fn();
    intake.onChange(onChange);
    Object.assign(settings, { mqIgnoreTags: ['a'] });
    tagsChanged();
    expect(onChange).toHaveBeenCalledTimes(1);
    expect(intake.takes(message('a'))).toBe(false);
    expect(intake.takes(message('b'))).toBe(mode !== 'none');
    expect(intake.filter(written, 'T').expression).toMatch(
      mode === 'none' ? /gray_tag IS NULL OR ORIGIN/ : /NOT IN \('a'\)/,
    );
    Object.assign(settings, { mqIgnoreTags: [] });
    tagsChanged();
    expect([intake.filter(written, 'T'), intake.takes(message('a'))]).toEqual(before);
  });

  it('make no difference to a canary', () => {
    const { open, settings, tagsChanged } = sessions({ GRAY_TAG: 'gray' }, true);
    const { intake } = open('group1', sql92);
    Object.assign(settings, { mqIgnoreTags: ['gray'] });
    tagsChanged();
    expect([intake.takes(message('gray')), intake.takes(message('a'))]).toEqual([true, false]);
  });

  it('wait for a restart where the client cannot change its filter, which is said', () => {
    const { open, settings, tagsChanged, lines } = sessions({}, true);
    const { intake } = open('group1', { ...CLIENT, canStandIn: false });
    Object.assign(settings, { mqIgnoreTags: ['a'] });
    tagsChanged();
    expect(intake.takes(message('a'))).toBe(true);
    expect(lines.at(-1)).toBe(
      'warn: group1: mqTags and mqIgnoreTags take effect at a restart, its client is told once what it takes',
    );
  });

  it('what a poll brings that was on its way is still taken', () => {
    const { open, settings, tagsChanged } = sessions({}, true);
    const { intake } = open('group1', { ...sql92, sharesQueues: true });
    const { revision } = intake;
    Object.assign(settings, { mqIgnoreTags: ['a'] });
    tagsChanged();
    const polled = (revision: number) => intake.takes({ ...message('a'), revision });
    expect([polled(revision), polled(intake.revision)]).toEqual([true, false]);
    // It took that before.
    expect(intake.takes({ ...message('a'), isRedelivered: true })).toBe(true);
  });
});
