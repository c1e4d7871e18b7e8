/** What `rocketmq-gray message` makes of what brokers told. */
import { describe, expect, it } from 'vitest';
import type { AnnouncedProcess } from '../../src/inspection/cluster/announced-processes';
import type { Member } from '../../src/inspection/cluster/group-members';
import type { StoredMessage } from '../../src/inspection/cluster/stored-message';
import { fateOf } from '../../src/inspection/message/message-fate';
import type { FoundMessage, LanePicture, MessagePicture } from '../../src/inspection/message/message-picture';
import { verdictOn } from '../../src/inspection/message/message-verdict';

const NOW = 1_000_000_000;
const message = (more: Partial<StoredMessage> = {}): StoredMessage => ({
  ...{ topic: 'T', queueId: 0, queueOffset: 10, offsetId: '7F', reconsumeTimes: 0, bodySize: 1 },
  ...{ bornAt: NOW - 1_000, storedAt: NOW - 1_000, bornHost: '10.0.0.1:5', properties: { gray_tag: 'gray' } },
  ...more,
});
const found = (more?: Partial<StoredMessage>): FoundMessage => ({
  broker: { name: 'broker-a', cluster: 'c', address: 'b:1' },
  message: message(more),
});
const member = (isStandIn = false): Member => ({ clientId: 'c', address: 'a:1', language: 'JAVA', isStandIn });
const filters = (expression: string) => ({ T: { type: 'SQL92' as const, expression } });
const UNKNOWN = { problem: 'refused', isRefusal: true };

const lane = (tag: string | undefined, more: Partial<LanePicture> = {}): LanePicture => ({
  group: tag === undefined ? 'group1' : `group1_${tag}`,
  baselineGroup: 'group1',
  tag,
  isOwn: false,
  isCopies: false,
  settings: { value: { groupName: 'g' } },
  members: { value: { members: [], filters: {}, isBroadcast: false } },
  committed: { value: 11 },
  retries: { value: [] },
  dead: { value: undefined },
  announced: { value: [] },
  marker: { value: undefined },
  ...more,
});
const online = (expression: string, isStandIn = false) => ({
  members: { value: { members: [member(isStandIn)], filters: filters(expression), isBroadcast: false } },
});
const agent: AnnouncedProcess = {
  kind: 'baseline',
  group: 'group1',
  announcer: { name: 'group1', host: 'h', pid: 1 } as AnnouncedProcess['announcer'],
};
const managed = { value: { tag: 'gray', phase: 'managed' as const, at: 1 } };

const picture = (lanes: readonly LanePicture[], more?: Partial<StoredMessage>): MessagePicture => {
  const one = found(more);
  return { found: one, tag: one.message.properties.gray_tag, lanes };
};
const fate = (one: LanePicture, more?: Partial<StoredMessage>) => fateOf(picture([one], more), one).fate;

describe('the fate of a message in a group', () => {
  it.each<[string, LanePicture, string]>([
    ['passed and selected', lane('gray', online("gray_tag = 'gray'")), 'taken'],
    ['passed by a canary that is away', lane('gray'), 'taken'],
    ['passed and left out', lane(undefined, online('gray_tag IS NULL')), 'skipped'],
    ['passed by a baseline that is away', lane(undefined), 'passed'],
    [
      'left out by agents that told their brokers otherwise',
      lane(undefined, { ...online('a IS NULL'), announced: { value: [agent] }, marker: managed }),
      'skipped',
    ],
    ['told otherwise, without an agent', lane(undefined, { ...online('a IS NULL'), marker: managed }), 'taken'],
    [
      'told otherwise, of a tag that is not managed',
      lane(undefined, { ...online('a IS NULL'), announced: { value: [agent] } }),
      'taken',
    ],
    ['not reached', lane('gray', { committed: { value: 10 } }), 'waiting'],
    ['without an offset', lane('gray', { committed: { value: undefined } }), 'none'],
    ['without a group', lane('gray', { settings: { value: undefined } }), 'none'],
    ['not told', lane('gray', { committed: UNKNOWN }), 'unknown'],
    [
      'due again',
      lane('gray', { retries: { value: [{ at: found(), dueAt: NOW + 5_000, isTaken: false }] } }),
      'retried',
    ],
    ['taken again', lane('gray', { retries: { value: [{ at: found(), dueAt: undefined, isTaken: true }] } }), 'taken'],
    ['taken, and nobody knows whether that failed', lane('gray', { retries: UNKNOWN }), 'passed'],
    ['given up', lane('gray', { dead: { value: found() } }), 'dead'],
    ['a filter that nobody but a broker can decide', lane(undefined, online('a + 1 = 2')), 'passed'],
  ])('%s', (_, one, expected) => {
    expect(fate(one)).toBe(expected);
  });

  it('is that of its TAG, where a group subscribes by TAGs', () => {
    const tags = (expression: string) =>
      lane(undefined, {
        members: { value: { members: [member()], filters: { T: { type: 'TAG', expression } }, isBroadcast: false } },
      });
    expect(fate(tags('A || B'), { properties: { TAGS: 'B' } })).toBe('taken');
    expect(fate(tags('A || B'), { properties: { TAGS: 'C' } })).toBe('skipped');
    expect(fate(tags('A || B'), { properties: {} })).toBe('skipped');
    expect(fate(tags('*'), { properties: {} })).toBe('taken');
  });
});

describe('a copy of an untagged message', () => {
  const untagged = { properties: {} };
  const copies = (more: Partial<LanePicture> = {}): LanePicture =>
    lane('gray', { group: 'group1_gray__copies', isCopies: true, ...more });
  const said = (one: LanePicture) => {
    const [baseline, copy] = verdictOn(picture([lane(undefined, online('a IS NULL')), one], untagged), NOW);
    expect(baseline).toBe('The baseline handled it: group1 has passed it.');
    return copy;
  };

  it.each<[string, LanePicture, string]>([
    [
      'taken',
      copies(online('gray_tag IS NULL', true)),
      'The canary gray got a copy of it, if it was there when it was sent: group1_gray__copies has passed it.',
    ],
    [
      'still to come',
      copies({ ...online('gray_tag IS NULL', true), committed: { value: 8 } }),
      'A copy of it waits for the canary gray in group1_gray__copies, behind 2 messages.',
    ],
    [
      'nobody’s',
      copies({ committed: { value: 8 } }),
      'No copy of it is kept for the canary gray: nobody is in group1_gray__copies.',
    ],
    [
      'perhaps taken by a canary that is away',
      copies(),
      'Whether the canary gray got a copy of it is not known: group1_gray__copies has passed it, or begins behind it.',
    ],
    [
      'dead',
      copies({ dead: { value: found() } }),
      'A copy for the canary gray: Its handling failed 0 times in group1_gray__copies: it is in %DLQ%group1_gray__copies.',
    ],
  ])('is %s', (_, one, sentence) => expect(said(one)).toBe(sentence));
});

describe('what it comes to', () => {
  const skipping = lane(undefined, online('gray_tag IS NULL'));
  const verdict = (lanes: readonly LanePicture[], more?: Partial<StoredMessage>) =>
    verdictOn(picture(lanes, more), NOW);

  it.each<[string, readonly LanePicture[], string]>([
    [
      'handled by its canary',
      [skipping, lane('gray', online("gray_tag = 'gray'"))],
      "Handled by the canary gray or the baseline's stand-in: group1_gray has passed it (now in it: 1 consumer). group1 skipped it: its filter (gray_tag IS NULL) leaves it out.",
    ],
    [
      'handled twice',
      [lane(undefined, online('a IS NULL')), lane('gray')],
      "Handled twice: Handled by the canary gray or the baseline's stand-in: group1_gray has passed it. The baseline handled it: group1 has passed it.",
    ],
    [
      'it waits for nobody',
      [skipping, lane('gray', { committed: { value: 7 } })],
      'It waits in group1_gray, behind 3 messages: nobody is in it. group1 skipped it: its filter (gray_tag IS NULL) leaves it out.',
    ],
    [
      'there is no canary',
      [lane(undefined, online('a IS NULL')), lane('gray', { settings: { value: undefined } })],
      'group1_gray is not there. The baseline handled it: group1 has passed it.',
    ],
    [
      'it comes again',
      [
        skipping,
        lane('gray', {
          retries: { value: [{ at: found({ reconsumeTimes: 2 }), dueAt: NOW + 5_000, isTaken: false }] },
        }),
      ],
      'Its handling failed 2 times in group1_gray: it comes again in 5 s. group1 skipped it: its filter (gray_tag IS NULL) leaves it out.',
    ],
    [
      'it is not known',
      [skipping, lane('gray', { committed: UNKNOWN })],
      'What group1_gray did with it is not known: refused. group1 skipped it: its filter (gray_tag IS NULL) leaves it out.',
    ],
    ['nobody consumes the topic', [], 'No group consumes T, and none has.'],
  ])('%s', (_, lanes, sentence) => {
    expect(verdict(lanes)).toEqual([sentence]);
  });

  it('says what it means that there is no tag, and that filters change', () => {
    const sentences = verdict([lane(undefined, online('gray_tag IS NULL'))], {
      properties: {},
      storedAt: NOW - 7_200_000,
    });
    expect(sentences).toEqual([
      'The baseline handled it: group1 has passed it.',
      expect.stringContaining('It has no tag'),
      'The message is 2 h old. Filters are those of now: they may have been others then.',
    ]);
  });
});
