/** Pieces of the instrumentation of apache-rocketmq that need no client. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAgent } from '../../src/agent/agent';
import { loadSettings } from '../../src/config/load';
import { scopedListener } from '../../src/instrumentations/apache-rocketmq/consumer';
import { propertyChanges, type SendOptions } from '../../src/instrumentations/apache-rocketmq/property-string';
import { createIntake } from '../../src/rocketmq/hand-over/intake';
import { consumerPlan } from '../../src/rocketmq/plan/consumer-plan';

describe('the tag in the property string', () => {
  const TAG = '\x02gray_tag\x01gray';
  it.each<[string, SendOptions, SendOptions]>([
    ['behind the keys', { keys: 'k1 k2', tags: 'A' }, { keys: `k1 k2${TAG}` }],
    ['else behind the tags', { keys: '', tags: 'A' }, { tags: `A${TAG}` }],
    ['else in the place of keys', {}, { keys: TAG }],
    ['not behind what is no text to the client', { keys: Number.NaN, tags: ['A'] }, { keys: TAG }],
    ['before a NUL, where the client stops reading', { keys: 'k1\0k2' }, { keys: `k1${TAG}` }],
    ['behind tags where nothing is before the NUL of the keys', { keys: '\0', tags: 'A' }, { tags: `A${TAG}` }],
    ['behind keys without their separators', { keys: 'k\x02x\x01y' }, { keys: `kxy${TAG}` }],
    ['not behind nothing but separators', { keys: '\x01\x02', tags: 'A\x02' }, { keys: '', tags: `A${TAG}` }],
  ])('goes %s', (_where, options, changes) => {
    expect(propertyChanges(options, { gray_tag: 'gray' })).toEqual(changes);
  });

  it.each<[string, SendOptions, SendOptions]>([
    ['nothing', { keys: 'k1', tags: 'A' }, {}],
    ['what is no text to the client', { keys: ['\x01'], tags: null }, {}],
    ['separators', { keys: 'k\x02gray_tag\x01gray', tags: 'A' }, { keys: 'kgray_taggray' }],
    ['separators of both', { keys: '\x01', tags: '\x02A' }, { keys: '', tags: 'A' }],
  ])('without a tag changes %s', (_what, options, changes) => {
    expect(propertyChanges(options, {})).toEqual(changes);
  });

  it('is the only property that is added, whatever the application gives', () => {
    const unit = fc.constantFrom('\x01', '\x02', '\0', ' ', 'a', 'gray_tag', 'gray', 'é', '\n');
    const text = fc.option(fc.string({ unit, maxLength: 12 }), { nil: undefined });
    fc.assert(
      fc.property(text, text, fc.boolean(), (keys, tags, isTagged) => {
        const given = { keys, tags };
        const sent = { ...given, ...propertyChanges(given, isTagged ? { gray_tag: 'gray' } : {}) };
        const read = (value: string | undefined) =>
          value?.split('\0')[0]?.replace(/\p{Cc}/gu, c => (c < '\x03' ? '' : c));
        const wanted = { KEYS: read(keys), TAGS: read(tags), gray_tag: isTagged ? 'gray' : undefined, WAIT: 'true' };
        const present = Object.entries(wanted).filter(([, value]) => value !== undefined && value !== '');
        expect(parsed(written(sent))).toEqual(Object.fromEntries(present));
      }),
    );
  });
});

/** As the client writes the properties of a message: C strings, sorted by name (MQDecoder::messageProperties2String). */
function written({ keys, tags }: { keys?: string | undefined; tags?: string | undefined }): string {
  return Object.entries({ KEYS: keys, TAGS: tags, WAIT: 'true' })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}\x01${value?.split('\0')[0]}\x02`)
    .join('');
}

/** As a broker reads them (MessageDecoder.string2messageProperties): entries without a name or a value are none. */
function parsed(text: string): Record<string, string> {
  const entries = text.split('\x02').map(entry => {
    const at = entry.indexOf('\x01');
    return at < 1 ? ['', ''] : [entry.slice(0, at), entry.slice(at + 1)];
  });
  return Object.fromEntries(entries.filter(([name, value]) => name !== '' && value !== ''));
}

describe('a listener', () => {
  const received = (env: Record<string, string>, ...tags: (string | undefined)[]) => {
    const { settings } = loadSettings({ GRAY_MQ_BASELINE: 'none', GRAY_LOG_LEVEL: 'silent', ...env });
    const agent = createAgent(settings);
    const intake = createIntake(consumerPlan('group1', settings), { side: 'client' });
    const seen: (string | undefined)[] = [];
    const skipped: (string | undefined)[] = [];
    const listener = scopedListener(() => void seen.push(agent.context.activeTag()), intake, agent);
    for (const tag of tags) {
      const properties: Record<string, string> = { KEYS: 'k', ...(tag !== undefined && { gray_tag: tag }) };
      listener({ topic: 'T', msgId: 'id', properties }, { done: () => void skipped.push(tag) });
    }
    return { seen, skipped };
  };

  it('of a canary gets its own messages only, within their tag; others are acknowledged', () => {
    const { seen, skipped } = received({ GRAY_TAG: 'gray' }, 'gray', undefined, 'blue', 'no_tag');
    expect(seen).toEqual(['gray']);
    expect(skipped).toEqual([undefined, 'blue', 'no_tag']);
  });

  it('of the baseline gets what it takes in its mode', () => {
    expect(received({}, 'gray', undefined)).toEqual({ seen: [undefined], skipped: ['gray'] });
    const ignoring = { GRAY_MQ_BASELINE: 'all', GRAY_MQ_IGNORE_TAGS: 'blue' };
    expect(received(ignoring, 'gray', undefined, 'blue')).toEqual({ seen: ['gray', undefined], skipped: ['blue'] });
  });
});
