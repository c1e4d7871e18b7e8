import { describe, expect, it } from 'vitest';
import { account, FORGETFUL_MS, percentile } from '../../fixtures/chaos/accounting';
import {
  BASELINE,
  type ChaosEvent,
  type Handling,
  type Presence,
  type RunRecord,
  type Sent,
} from '../../fixtures/chaos/record';

const GRACE = 5_000;
const END = 100_000;

const sent = (id: string, tag?: string, at = 1_000, isConfirmed = true): Sent => ({ id, tag, at, isConfirmed });
const handled = (id: string, environment: string, at = 1_100, isOk = true, attempt = 1): Handling => ({
  ...{ id, environment, at, isOk, attempt },
  process: `${environment}-1`,
});
const canary = (
  from: number,
  to?: number,
  end?: Presence['end'],
  environment = 'gray',
  process = 'gray-1',
): Presence => ({
  ...{ process, environment, from, to, end },
  readyAt: from + 500,
});
const freeze = (from: number, to: number): ChaosEvent => ({ kind: 'freeze', subject: 'gray-1', from, to });

function accounts(record: Partial<RunRecord>, isIsolated = true) {
  const whole: RunRecord = {
    ...{ sent: [], handlings: [], ownerHandlings: [], presences: [], events: [], endedByThemselves: [] },
    ...{ from: 0, to: END },
    ...record,
  };
  return account(whole, { isIsolated, graceMs: GRACE });
}

describe('taken though ignored', () => {
  const change = (subject: string, at: number): ChaosEvent => ({ kind: 'settings change', subject, from: at, to: at });
  const events = [change('declared', 10_000), change('ignored', 20_000), change('taken again', 60_000)];
  it.each<[string, Handling[], number]>([
    ['before', [handled('m', BASELINE, 19_000)], 0],
    ['soon after', [handled('m', BASELINE, 20_000 + GRACE - 1)], 0],
    ['later', [handled('m', BASELINE, 20_000 + GRACE)], 1],
    ['by its canary', [handled('m', 'live', 40_000)], 0],
    ['a message of another tag', [handled('other', BASELINE, 40_000)], 0],
    ['once it is taken again', [handled('m', BASELINE, 60_000)], 0],
  ])('%s', (_name, handlings, count) => {
    const all = [sent('m', 'live'), sent('other', 'gray')];
    const run = accounts({ isLive: true, sent: all, handlings, events });
    expect([run.takenThoughIgnored, run.events['settings change']]).toEqual([count, 3]);
    const other = accounts({ sent: all, handlings });
    expect([other.takenThoughIgnored, other.events['settings change']]).toEqual([undefined, undefined]);
  });
});

describe('lost', () => {
  const untagged = sent('m');
  const gray = sent('m', 'gray');
  it.each<[string, Sent, Handling[], number]>([
    ['nobody handled it', untagged, [], 1],
    ['the baseline did', untagged, [handled('m', BASELINE)], 0],
    ['an untagged one that only a canary handled', untagged, [handled('m', 'gray')], 1],
    ['a tagged one, by its canary', gray, [handled('m', 'gray')], 0],
    ['a tagged one, by the baseline', gray, [handled('m', BASELINE)], 0],
    ['a tagged one that only a canary of others handled', gray, [handled('m', 'blue')], 1],
    [
      'every attempt failed',
      untagged,
      [handled('m', BASELINE, 1_100, false), handled('m', BASELINE, 1_200, false, 2)],
      1,
    ],
    [
      'an attempt failed, the next did not',
      gray,
      [handled('m', 'gray', 1_100, false), handled('m', BASELINE, 1_200)],
      0,
    ],
    ['its sending failed: nobody promised anything', sent('m', undefined, 1_000, false), [], 0],
  ])('%s', (_name, message, handlings, lost) => {
    const { all, byTag, ids } = accounts({ sent: [message], handlings });
    expect(all.lost).toBe(lost);
    expect(byTag.get(message.tag ?? BASELINE)?.lost).toBe(lost);
    expect(ids.lost).toEqual(lost ? ['m'] : []);
  });

  it('in the control everybody may handle everything', () => {
    expect(accounts({ sent: [untagged], handlings: [handled('m', 'gray')] }, false).all.lost).toBe(0);
    expect(accounts({ sent: [untagged], handlings: [] }, false).all.lost).toBe(1);
  });
});

describe('held until the consumers restarted', () => {
  it.each<[string, number | undefined, Handling[], number]>([
    ['handled before', 50_000, [handled('m', BASELINE, 49_999)], 0],
    ['handled after', 50_000, [handled('m', BASELINE, 50_000)], 1],
    ['failed before', 50_000, [handled('m', BASELINE, 1_100, false), handled('m', BASELINE, 60_000)], 1],
    ['handled before, and once more', 50_000, [handled('m', BASELINE), handled('m', BASELINE, 60_000)], 0],
    ['never handled, which is lost', 50_000, [], 0],
    ['nobody restarted', undefined, [handled('m', BASELINE, 60_000)], 0],
  ])('%s', (_name, restartedAt, handlings, held) => {
    const run = accounts({ sent: [sent('m')], handlings, restartedAt });
    expect([run.held, run.ids.held]).toEqual([held, held ? ['m'] : []]);
  });
});

describe('doubled', () => {
  it.each<[string, Handling[], number]>([
    ['handled once', [handled('m', 'gray')], 0],
    ['by both sides', [handled('m', 'gray'), handled('m', BASELINE)], 1],
    ['three times by one', [handled('m', 'gray'), handled('m', 'gray'), handled('m', 'gray')], 2],
    ['again because the handler failed', [handled('m', 'gray', 1, false), handled('m', 'gray', 2, true, 2)], 0],
    ['success, then a failure', [handled('m', 'gray', 1), handled('m', 'gray', 2, false, 2)], 0],
    [
      'failure, then twice success',
      [handled('m', 'gray', 1, false), handled('m', 'gray', 2), handled('m', BASELINE, 3)],
      1,
    ],
    ['never', [], 0],
  ])('%s', (_name, handlings, doubled) => {
    const { all, byTag } = accounts({ sent: [sent('m', 'gray')], handlings });
    expect(all.doubled).toBe(doubled);
    expect(byTag.get('gray')?.doubled).toBe(doubled);
  });

  it.each([
    [1_000, 1],
    [1_000 + FORGETFUL_MS, 1],
    [999, 0],
    [1_001 + FORGETFUL_MS, 0],
  ])('first handled at %i, is by a broker that came back at 1000: %i', (at, doubledByBroker) => {
    const events = [{ kind: 'broker restart', subject: 'broker-a', from: 500, to: 1_000 } as const];
    const handlings = [handled('m', 'gray', at), handled('m', 'gray', at + 60_000)];
    const { all } = accounts({ sent: [sent('m', 'gray')], handlings, events });
    expect(all).toMatchObject({ doubled: 1, doubledByBroker });
  });

  it('counts one whose sending failed and that arrived all the same', () => {
    const handlings = [handled('m', BASELINE), handled('m', BASELINE)];
    expect(accounts({ sent: [sent('m', undefined, 1_000, false)], handlings }).all).toMatchObject({
      sent: 0,
      doubled: 1,
    });
  });
});

describe('messages of others in a canary', () => {
  it.each<[string, string | undefined, Handling[], number]>([
    ['an untagged one', undefined, [handled('m', 'gray')], 1],
    ['an untagged one, also where its handler failed', undefined, [handled('m', 'gray', 1, false)], 1],
    ['one of another tag', 'blue', [handled('m', 'gray')], 1],
    ['its own', 'gray', [handled('m', 'gray')], 0],
    ['any in the baseline', 'blue', [handled('m', BASELINE)], 0],
    ['from before the run: nobody knows its tag', 'gray', [handled('other', 'gray')], 0],
  ])('%s', (_name, tag, handlings, foreign) => {
    expect(accounts({ sent: [sent('m', tag)], handlings }).foreign).toBe(foreign);
  });
});

describe('first delivered to the baseline while a canary is up', () => {
  const up = canary(10_000, 40_000, 'stop');
  it.each<[string, Presence[], Handling[], number]>([
    ['while it is up', [up], [handled('m', BASELINE, 20_000)], 1],
    [
      'a delivery that failed counts as one',
      [up],
      [handled('m', BASELINE, 20_000, false), handled('m', 'gray', 21_000)],
      1,
    ],
    ['before it starts', [up], [handled('m', BASELINE, 9_000)], 0],
    ['in the grace after its start', [up], [handled('m', BASELINE, 14_999)], 0],
    ['just after the grace', [up], [handled('m', BASELINE, 15_000)], 1],
    ['once it was told to end', [up], [handled('m', BASELINE, 40_000)], 0],
    ['after the canary had it', [up], [handled('m', 'gray', 19_000, false), handled('m', BASELINE, 20_000)], 0],
    [
      'in the grace, and again after it',
      [up],
      [handled('m', BASELINE, 14_000, false), handled('m', BASELINE, 20_000)],
      0,
    ],
    ['up to the end of the run', [canary(10_000)], [handled('m', BASELINE, 20_000)], 1],
    ['a canary of another tag', [canary(10_000, 40_000, 'stop', 'blue')], [handled('m', BASELINE, 20_000)], 0],
    ['one that just started beside one that is up', [up, canary(19_000, 50_000)], [handled('m', BASELINE, 20_000)], 1],
    ['one that just started after one that ended', [up, canary(39_000, 50_000)], [handled('m', BASELINE, 41_000)], 0],
  ])('%s', (_name, presences, handlings, count) => {
    const record = { sent: [sent('m', 'gray', 5_000)], presences, handlings };
    expect(accounts(record).all.firstDeliveredToBaseline).toBe(count);
  });

  it('a frozen canary is up', () => {
    const record = { sent: [sent('m', 'gray', 5_000)], presences: [up], handlings: [handled('m', BASELINE, 20_000)] };
    expect(accounts({ ...record, events: [freeze(19_000, 21_000)] }).all.firstDeliveredToBaseline).toBe(1);
  });

  it('an untagged message belongs there', () => {
    const record = { sent: [sent('m')], presences: [up], handlings: [handled('m', BASELINE, 20_000)] };
    expect(accounts(record).all.firstDeliveredToBaseline).toBe(0);
  });
});

describe('hand-over', () => {
  /** Gray messages all the time, so that somebody has something to take over. */
  const stream = Array.from({ length: 90 }, (_, second) => sent(`${second}`, 'gray', second * 1_000));
  const at = (time: number, environment: string) => handled(`${Math.floor(time / 1_000)}`, environment, time);
  const measure = (presences: Presence[], handlings: Handling[]) =>
    accounts({ sent: stream, presences, handlings }).handOvers;

  it('after a start ends with the first message in the canary, after an end with the first in the baseline', () => {
    const { start, stop, crash } = measure(
      [canary(10_000, 20_000, 'stop'), canary(30_000, 40_000, 'crash')],
      [
        at(11_500, 'gray'),
        at(12_000, 'gray'),
        at(20_400, 'gray'),
        at(21_000, BASELINE),
        at(33_000, 'gray'),
        at(47_000, BASELINE),
      ],
    );
    expect(start).toEqual({ measured: [1_500, 3_000], unfinished: [], brokerAway: [] });
    expect(stop).toEqual({ measured: [1_000], unfinished: [], brokerAway: [] });
    expect(crash).toEqual({ measured: [7_000], unfinished: [], brokerAway: [] });
  });

  it('is of messages of the tag: what else the baseline handles says nothing', () => {
    const record = {
      sent: [...stream, sent('untagged', undefined, 21_000)],
      presences: [canary(10_000, 20_000, 'stop')],
      handlings: [at(11_000, 'gray'), handled('untagged', BASELINE, 21_000), at(22_000, BASELINE)],
    };
    expect(accounts(record).handOvers.stop.measured).toEqual([2_000]);
  });

  it('is unfinished where the next change comes first', () => {
    const { start, crash } = measure(
      [canary(10_000, 20_000, 'crash'), canary(26_000, 28_000, 'stop without shutdown')],
      [at(11_000, 'gray'), at(30_000, BASELINE)],
    );
    expect(crash).toEqual({ measured: [], unfinished: [6_000], brokerAway: [] });
    expect(start).toEqual({ measured: [1_000], unfinished: [2_000], brokerAway: [] });
  });

  it('after an end without a word is told apart where a broker is away, whose last word is that the canary is there', () => {
    const presences = [canary(10_000, 20_000, 'crash'), canary(40_000, 50_000, 'stop', 'gray', 'gray-2')];
    const handlings = [at(11_000, 'gray'), at(37_000, BASELINE), at(41_000, 'gray'), at(58_000, BASELINE)];
    const away = (from: number, to: number): ChaosEvent => ({ kind: 'broker restart', subject: 'broker-a', from, to });
    const measured = (...events: ChaosEvent[]) => accounts({ sent: stream, presences, handlings, events }).handOvers;
    expect(measured(away(15_000, 30_000)).crash).toEqual({ measured: [], unfinished: [], brokerAway: [17_000] });
    expect(measured(away(15_000, 19_000)).crash).toEqual({ measured: [17_000], unfinished: [], brokerAway: [] });
    // A clean stop takes its word back itself.
    expect(measured(away(45_000, 60_000)).stop).toEqual({ measured: [8_000], unfinished: [], brokerAway: [] });
  });

  it('is none while another canary of the tag is there', () => {
    const { start, stop, crash } = measure(
      [canary(10_000, 20_000, 'stop'), canary(15_000, 40_000, 'crash', 'gray', 'gray-2')],
      [at(16_000, 'gray'), at(21_000, BASELINE), at(41_000, BASELINE)],
    );
    // The first start lasts as long as either of them is there.
    expect(start).toEqual({ measured: [6_000], unfinished: [], brokerAway: [] });
    expect(stop).toEqual({ measured: [], unfinished: [], brokerAway: [] });
    expect(crash).toEqual({ measured: [1_000], unfinished: [], brokerAway: [] });
  });

  it('is none where nothing is sent any more, or the canary never got up', () => {
    expect(measure([canary(89_500)], []).start).toEqual({ measured: [], unfinished: [], brokerAway: [] });
    expect(measure([{ ...canary(10_000, 20_000), readyAt: undefined }], []).start).toEqual({
      measured: [],
      unfinished: [],
      brokerAway: [],
    });
  });

  it('a restart of a baseline is none', () => {
    const baseline = canary(10_000, 20_000, 'stop', BASELINE, 'baseline-1');
    expect(measure([baseline], [at(21_000, BASELINE)]).stop).toEqual({ measured: [], unfinished: [], brokerAway: [] });
  });
});

describe('silence', () => {
  const stream = [10, 20, 30, 40, 50].map(second => sent(`${second}`, 'gray', second * 1_000));
  const handlings = [
    handled('10', 'gray', 10_000),
    handled('20', 'gray', 20_000),
    handled('30', BASELINE, 36_000),
    handled('40', BASELINE, 44_000),
    handled('50', 'gray', 80_000),
  ];
  const silence = (events: ChaosEvent[]) =>
    accounts({ sent: stream, handlings, events }).byTag.get('gray')?.longestSilence;

  it('is the longest gap while messages of the tag are sent', () => {
    expect(silence([])).toEqual({ ms: 16_000, from: 20_000 });
  });

  it('does not count where a canary is frozen', () => {
    expect(silence([freeze(35_000, 35_500)])).toEqual({ ms: 10_000, from: 10_000 });
  });
});

it('the owner of the other group has to get every message that was sent, whatever its tag', () => {
  const record = {
    sent: [sent('1'), sent('2', 'gray'), sent('3', 'audit'), sent('4', 'audit', 1_000, false)],
    ownerHandlings: [handled('1', 'owner'), handled('3', 'owner', 1_100, false)],
  };
  expect(accounts(record).ids.lostByOwner).toEqual(['2', '3']);
  expect(accounts(record).all).toMatchObject({ sent: 3, lost: 3 });
});

it('percentiles are values that were measured', () => {
  expect([50, 90, 100].map(percent => percentile([1, 2, 3, 4], percent))).toEqual([2, 4, 4]);
  expect(percentile([], 50)).toBeUndefined();
});
