/** Settings while a process runs: which document is in force, who is told, and what people are. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parseDocument } from '../../src/config/document';
import { createLiveSettings, sayHidden } from '../../src/config/live-settings';
import { composeSettings } from '../../src/config/load';
import { SETTINGS } from '../../src/config/settings';
import { recordedLog } from './recorded-log';

const NAME = '/etc/gray.json';
const digits = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 7);

/** @param document what the process starts with; null: a server has none */
function live(document: object | null = {}, environment: Record<string, string> = {}) {
  const lines: string[] = [];
  const log = recordedLog(lines);
  const text = document === null ? undefined : JSON.stringify(document);
  const loaded = composeSettings(environment, {}, text === undefined ? undefined : parseDocument(text, NAME));
  const results: string[] = [];
  const made = createLiveSettings({
    loaded: { ...loaded, settings: { ...loaded.settings }, sources: { ...loaded.sources } },
    environment,
    launch: {},
    name: NAME,
    log,
    count: result => void results.push(result),
  });
  const take = (next: unknown) => {
    const text = typeof next === 'string' ? next : JSON.stringify(next);
    made.take(text);
    return digits(text);
  };
  return { ...made, made, take, lines, results, loaded, log, start: text === undefined ? '' : digits(text) };
}

describe('a document that has changed', () => {
  it('is in force: who depends on it is told once, and people by one line', () => {
    const { made, take, lines, results, settings } = live({ rules: [{ tag: 'a' }, { tag: 'b' }] });
    const [tags, rules, level] = [vi.fn(), vi.fn(), vi.fn()];
    made.on(['mqTags', 'mqIgnoreTags'], () => tags(settings.mqTags, settings.mqIgnoreTags));
    made.on(['rules'], rules);
    made.on(['logLevel'], level);
    const next = take({
      rules: [{ tag: 'a' }, { tag: 'b' }, { tag: 'c' }],
      mqIgnoreTags: ['pr-42'],
      mqTags: ['gray', 'blue'],
    });
    expect(lines).toEqual([
      `info: settings ${next}: mqTags [] -> [gray, blue], mqIgnoreTags [] -> [pr-42], rules 2 -> 3`,
    ]);
    expect(tags.mock.calls).toEqual([[['gray', 'blue'], ['pr-42']]]);
    expect(rules).toHaveBeenCalledTimes(1);
    expect(level).not.toHaveBeenCalled();
    expect(made.document).toEqual({ name: NAME, digits: next });
    expect(made.sources.mqTags).toEqual({ from: 'file', path: NAME });
    expect(results).toEqual(['taken']);
  });

  it('changes nothing where only its text is another, or the same as before', () => {
    const { made, take, lines, results } = live({ mqTags: ['a'] });
    const listener = vi.fn();
    made.on(
      SETTINGS.map(({ name }) => name),
      listener,
    );
    take({ mqTags: ['a'] });
    expect(lines).toEqual([]);
    const next = take('{ "mqTags": "a" }\n');
    expect(lines).toEqual([`info: settings ${next}: nothing that is live changes`]);
    expect(listener).not.toHaveBeenCalled();
    expect(made.document?.digits).toBe(next);
    expect(results).toEqual(['taken']);
  });

  it('says what takes effect at a restart, and leaves that as it is', () => {
    const { take, lines, settings } = live({ key: 'lane', inbound: 'ignore' });
    const next = take({ tag: 'gray', mqBaseline: 'none', inbound: 'accept' });
    expect(lines).toEqual([
      `info: settings ${next}: inbound ignore -> accept`,
      `warn: settings ${next}: tag none -> gray, key lane -> gray_tag, mqBaseline auto -> none takes effect at a restart`,
    ]);
    expect(settings).toMatchObject({ tag: undefined, key: 'lane', mqBaseline: 'auto', inbound: 'accept' });
  });

  it('with other rules of the same number says so', () => {
    const { take, lines } = live({ rules: [{ tag: 'a' }] });
    const next = take({ rules: [{ tag: 'b' }] });
    expect(lines).toEqual([`info: settings ${next}: rules 1 -> 1 (others)`]);
  });

  it('without a key means its default', () => {
    const { take, settings, made } = live({ mqTags: ['a'], logLevel: 'debug' });
    take({});
    expect(settings).toMatchObject({ mqTags: [], logLevel: 'info' });
    expect(made.sources.mqTags).toEqual({ from: 'default' });
  });
});

describe('a variable', () => {
  it('hides a live key, and says so once', () => {
    const { take, lines, settings, loaded, log } = live({ mqTags: ['b'] }, { GRAY_MQ_TAGS: 'a', GRAY_TAG: 'gray' });
    const hidden = `warn: GRAY_MQ_TAGS hides mqTags of ${NAME}`;
    sayHidden(loaded, log);
    expect(lines).toEqual([hidden]);
    const next = take({ mqTags: ['c'], tag: 'blue' });
    expect(lines.slice(1)).toEqual([`info: settings ${next}: nothing that is live changes`]);
    expect(settings.mqTags).toEqual(['a']);
  });

  it('that hides a key which comes later says so then', () => {
    const { take, lines } = live({}, { GRAY_RULES: '[]' });
    take({ rules: [{ tag: 'a' }] });
    expect(lines[0]).toBe(`warn: GRAY_RULES hides rules of ${NAME}`);
  });
});

describe('a document that is wrong', () => {
  it.each<[unknown, string]>([
    ['{', `GRAY_CONFIG=${NAME}; allowed: the path of a readable JSON file with an object`],
    [[], `GRAY_CONFIG=${NAME}; allowed: the path of a readable JSON file with an object (it holds no object)`],
    [{ mqTag: ['a'] }, `unknown key in ${NAME}=mqTag; allowed: the keys tag, enabled`],
    [{ mqTags: ['a_b'] }, `mqTags in ${NAME}=["a_b"]; allowed: a comma list of tags`],
    [{ mqBaseline: 'some' }, `mqBaseline in ${NAME}="some"; allowed: auto or all or none`],
    [{ rules: [{ tag: 'a' }, { tag: '_' }] }, `rules[1].tag in ${NAME}="_"; allowed: a letter or digit`],
  ])('is refused as a whole: %j', (wrong, problem) => {
    const { made, take, lines, settings, results, start } = live({ mqTags: ['a'] });
    const listener = vi.fn();
    made.on(['mqTags', 'rules'], listener);
    const refused = take(
      typeof wrong === 'string' || Array.isArray(wrong) ? wrong : { mqIgnoreTags: ['x'], ...(wrong as object) },
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      `error: settings ${refused} are refused as a whole, ${start} stays in force: ${problem}`,
    );
    // Once for each version of it.
    made.take(typeof wrong === 'string' ? wrong : undefined);
    expect(listener).not.toHaveBeenCalled();
    expect(settings).toMatchObject({ mqTags: ['a'], mqIgnoreTags: [] });
    expect(made.document?.digits).toBe(start);
    expect(results[0]).toBe('refused');
  });

  it('is said once for each version, and not again when what is in force is back', () => {
    const { take, lines, results } = live({ mqTags: ['a'] });
    for (const next of ['{', '{', '{{', JSON.stringify({ mqTags: ['a'] }), '{']) take(next);
    expect(results).toEqual(['refused', 'refused', 'refused']);
    expect(lines).toHaveLength(3);
  });
});

describe('a document that is deleted or emptied', () => {
  it.each([undefined, '', ' \n'])('keeps what was in force, with one warning: %j', text => {
    const { made, lines, settings, results, start } = live({ mqIgnoreTags: ['a'] });
    for (let times = 0; times < 3; times++) made.take(text);
    expect(lines).toEqual([`warn: ${NAME} is missing or empty, ${start} stays in force`]);
    expect(settings.mqIgnoreTags).toEqual(['a']);
    expect(results).toEqual(['missing']);
  });

  it('and put back as it was changes nothing', () => {
    const { made, take, lines } = live({ mqIgnoreTags: ['a'] });
    made.take(undefined);
    take({ mqIgnoreTags: ['a'] });
    expect(lines).toHaveLength(1);
    made.take(undefined);
    expect(lines).toHaveLength(2);
  });
});

it('a server that cannot be asked is said once for each time', () => {
  const { made, take, lines } = live(null);
  for (const problem of ['refused', 'refused', 'timed out']) made.unreachable(problem);
  expect(lines).toEqual([`warn: ${NAME} cannot be asked (refused), what the environment says stays in force`]);
  const next = take({ mqTags: ['a'] });
  expect(lines.at(-1)).toBe(`info: settings ${next}: mqTags [] -> [a]`);
  made.unreachable('refused');
  expect(lines).toHaveLength(3);
});

it('whatever documents come, what is in force is that of the last one that is allowed', () => {
  const part = fc.record(
    {
      mqTags: fc.subarray(['a', 'b']),
      mqIgnoreTags: fc.subarray(['c', '_']),
      logLevel: fc.constantFrom('info', 'debug', 'loud'),
      tag: fc.constantFrom('gray', 'blue'),
    },
    { requiredKeys: [] },
  );
  const document = fc.oneof(
    part.map(value => JSON.stringify(value)),
    fc.constantFrom(undefined, '', '{', '[]'),
  );
  fc.assert(
    fc.property(fc.array(document, { maxLength: 8 }), documents => {
      const { made, settings } = live({});
      let last = '{}';
      for (const text of documents) {
        made.take(text);
        if (text === undefined) continue;
        try {
          composeSettings({}, {}, parseDocument(text, NAME));
          last = text;
        } catch {
          // Refused.
        }
      }
      const { settings: wanted } = composeSettings({}, {}, parseDocument(last, NAME));
      const { mqTags, mqIgnoreTags, logLevel } = wanted;
      expect(settings).toMatchObject({ mqTags, mqIgnoreTags, logLevel, tag: undefined });
      expect(made.document?.digits).toBe(digits(last));
    }),
  );
});
