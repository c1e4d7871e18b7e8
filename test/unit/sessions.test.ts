/** What is decided by what a client can do. */
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load';
import type { ClientKind } from '../../src/rocketmq/consumer/client';
import { BlindConsumerError, createSessions } from '../../src/rocketmq/consumer/sessions';

const CLIENT: ClientKind = { name: 'some-client', knowsSql92: false, sharesQueues: false };

function sessions(env: Record<string, string>) {
  const lines: string[] = [];
  const say = (level: string) => (text: string) => void lines.push(`${level}: ${text}`);
  const once = (level: string) => (_key: string, text: string) => void lines.push(`${level}: ${text}`);
  const log = {
    error: say('error'),
    warn: say('warn'),
    info: say('info'),
    debug: say('debug'),
    warnOnce: once('warn'),
    errorOnce: once('error'),
  };
  const { settings } = loadSettings(env);
  return { lines, ...createSessions({ settings, log, onTag() {}, report() {} }) };
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

describe('a client whose consumers do not show the tag of a message', () => {
  const client = { ...CLIENT, canStandIn: false, blindness: 'its build is an old one' } as const;

  it.each([
    [{ GRAY_TAG: 'gray' }, 'messages are those of gray'],
    [{ GRAY_MQ_BASELINE: 'none' }, 'messages are left to canaries'],
    [{ GRAY_MQ_IGNORE_TAGS: 'blue' }, 'messages are left to canaries'],
  ])('is refused where it would take what it must not: %j', (env, which) => {
    const { open, lines } = sessions(env);
    const words = `its build is an old one, so nobody can tell which ${which}: the consumer of group1 is not made`;
    expect(() => open('group1', client)).toThrow(new BlindConsumerError(`[rocketmq-gray] ${words}`));
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
