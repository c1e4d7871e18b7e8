import { describe, expect, it } from 'vitest';
import { type Accounts, account } from '../../fixtures/chaos/accounting';
import { type Options, parseOptions } from '../../fixtures/chaos/options';
import { BASELINE, type Handling, type RunRecord, type Sent } from '../../fixtures/chaos/record';
import { criteria, missingEvents, table } from '../../fixtures/chaos/report';
import { timeline } from '../../fixtures/chaos/timeline';

const options = parseOptions([]);

/** 1,000 gray messages, each handled by the canary, and by the owner of the other group. */
const ids = Array.from({ length: 1_000 }, (_, index) => `${index}`);
const sent: Sent[] = ids.map((id, index) => ({ id, tag: 'gray', at: 10_000 + index * 50, isConfirmed: true }));
const handled = (id: string, environment: string, at: number, isOk = true): Handling => ({
  ...{ id, environment, at, isOk, attempt: 1 },
  process: environment === 'owner' ? 'owner' : `${environment}-1`,
});
const presence = { process: 'gray-1', environment: 'gray', from: 1_000, readyAt: 1_500 };
const record: RunRecord = {
  sent,
  handlings: sent.map(({ id, at }) => handled(id, 'gray', at + 20)),
  ownerHandlings: ids.map(id => handled(id, 'owner', 70_000)),
  presences: [presence],
  events: [{ kind: 'start', subject: 'gray-1', from: 500, to: 1_500 }],
  endedByThemselves: [],
  from: 0,
  to: 80_000,
};
const accounts = (changes: Partial<RunRecord> = {}): Accounts =>
  account({ ...record, ...changes }, { isIsolated: true, graceMs: 5_000 });
const more = (...handlings: Handling[]) => accounts({ handlings: [...record.handlings, ...handlings] });

/** The criteria that are not kept, each by its first words. */
function broken(run: Accounts, control?: Accounts, settings: Options = options) {
  return criteria({ run, control }, settings)
    .filter(({ isKept }) => isKept === false)
    .map(({ text }) => text.split(',')[0]);
}

describe('criteria', () => {
  const early = { ...presence, from: 9_000, readyAt: 9_500 };

  it('are kept where nothing went wrong', () => {
    expect(broken(accounts({ presences: [early] }), accounts())).toEqual([]);
  });

  it.each<[string, Accounts, string[]]>([
    ['lost', accounts({ presences: [early], handlings: record.handlings.slice(1) }), ['no message lost']],
    [
      'the owner',
      accounts({ presences: [early], ownerHandlings: [] }),
      ['the owner of the other group got all of its messages'],
    ],
    [
      'taken by the baseline',
      accounts({ presences: [early], handlings: [handled('999', BASELINE, 60_000), ...record.handlings.slice(0, -1)] }),
      ['no message of a canary first delivered to the baseline'],
    ],
    ['a late start', accounts(), ['hand-over after start within 5.0 s']],
    [
      'a late end',
      accounts({
        presences: [{ ...early, to: 40_000, end: 'crash' }],
        handlings: [...record.handlings.filter(({ at }) => at < 40_000), handled('999', BASELINE, 60_000)],
      }),
      ['no message lost', 'hand-over after crash within 10.0 s'],
    ],
  ])('%s', (_name, run, expected) => {
    expect(broken(run, accounts())).toEqual(expected);
  });

  it('messages of others in a canary', () => {
    const run = accounts({
      presences: [early],
      sent: [...sent, { id: 'untagged', at: 20_000, isConfirmed: true }],
      handlings: [...record.handlings, handled('untagged', 'gray', 20_020), handled('untagged', BASELINE, 20_100)],
      ownerHandlings: [...record.ownerHandlings, handled('untagged', 'owner', 70_000)],
    });
    expect(broken(run).filter(text => !text?.startsWith('hand-over'))).toEqual(['no message of others in a canary']);
  });

  it('doubles are counted beyond those of the control, where tags are declared', () => {
    const isBroken = (run: Accounts, control?: Accounts, settings?: Options) =>
      broken(run, control, settings).includes('at most 1 of 1');
    const [one, two] = [more(handled('1', 'gray', 1)), more(handled('1', 'gray', 1), handled('2', 'gray', 1))];
    expect(isBroken(one, accounts())).toBe(false);
    expect(isBroken(two, accounts())).toBe(true);
    expect(isBroken(two, one)).toBe(false);
    expect(isBroken(two)).toBe(false);
    expect(isBroken(two, accounts(), { ...options, isDeclared: false })).toBe(false);
  });

  it('a baseline that falls behind because of its stand-ins is broken, where there are many tags', () => {
    const untagged = sent.map(({ tag, ...one }) => one);
    const handlings = (late: number) =>
      untagged.map(({ id, at }, index) => handled(id, BASELINE, index < 1_000 - late ? at + 20 : 70_000));
    const run = (late: number) => accounts({ sent: untagged, handlings: handlings(late), presences: [early] });
    const tags = { ...options, tags: 50 };
    // Of the control, the last one is always late.
    expect(broken(run(40), run(1), tags)).toEqual([]);
    expect(broken(run(100), run(1), tags)).toEqual([
      "untagged messages handled meanwhile: at least 0.95 of the control's",
    ]);
    expect(broken(run(100), run(100), tags)).toEqual([]);
    expect(broken(run(100), run(1))).toEqual([]);
  });

  describe('environments that come and go', () => {
    const megabyte = 1_000_000;
    /** What it needs grows by a share from the middle to the last message, at 60 s; then all environments are gone. */
    const memory = (share: number) =>
      Array.from({ length: 17 }, (_, index) => {
        const at = index * 5_000;
        const heap = at < 50_000 ? 50 : at <= 60_000 ? 50 * share : 10;
        return { at, rss: 100 * megabyte, heap: heap * megabyte };
      });
    const traces = { before: { groups: 4, entries: 1 }, after: { groups: 4, entries: 1 } };
    const churned = (churn: RunRecord['churn'] & object, seconds = 1_200) =>
      broken(accounts({ presences: [early], churn }), accounts(), { ...options, seconds });

    it.each([
      ['all well', { memory: memory(1.09), traces }, []],
      [
        'memory grows',
        { memory: memory(1.2), traces },
        ['memory of a baseline process (heap) at the end: at most 1.1 of that in the middle'],
      ],
      [
        'something is left',
        { memory: memory(1), traces: { ...traces, after: { groups: 4, entries: 2 } } },
        ['after clean as many groups and entries of name servers as before the run'],
      ],
    ])('%s', (_name, churn, expected) => {
      expect(churned(churn)).toEqual(expected);
    });

    it('a short run says nothing about memory', () => {
      expect(churned({ memory: memory(1.2), traces }, 300)).toEqual([]);
    });

    it('are one row, and nobody waits for their hand-over', () => {
      const own = sent.map(one => ({ ...one, tag: Number(one.id) < 500 ? 'env-1-1' : 'env-2-1' }));
      const its = (tag: string, from: number) => ({ process: tag, environment: tag, from, readyAt: from + 500 });
      const run = accounts({
        sent: own,
        handlings: own.map(({ id, tag, at }) => handled(id, tag, at + 20)),
        presences: [its('env-1-1', 1_000), its('env-2-1', 1_000)],
        churn: { memory: [], traces },
      });
      expect(broken(run, accounts())).toEqual([]);
      expect(run.churn?.lives).toBe(2);
      expect([...run.byTag.keys()]).toEqual(['environments']);
      expect(table({ run }, 'auto')).toMatch(/^ {2}environments +1,000$/m);
    });
  });

  it('tags that have no canary are one row', () => {
    const run = accounts({ sent: sent.map(one => ({ ...one, tag: `idle-${Number(one.id) % 7}` })) });
    expect([...run.byTag.keys()]).toEqual(['idle tags']);
  });

  it('a version that subscribes to more begins when the polls of the one before are over', () => {
    const first = { ...early, asked: { TEST_MQ: 'A' }, to: 11_000, end: 'stop' } as const;
    const presences = [first, { ...early, asked: { TEST_MQ: 'A || B' }, from: 12_000, readyAt: 18_000 }];
    const late = record.handlings.map(one => (one.at < 12_000 ? one : { ...one, at: Math.max(one.at, 22_000) }));
    const run = (widerWaitsMs: number) =>
      account(
        { ...record, presences, handlings: late, differ: true },
        { isIsolated: true, graceMs: 5_000, widerWaitsMs },
      );
    const word = /^hand-over after start/;
    expect(broken(run(0)).filter(text => word.test(`${text}`))).toEqual(['hand-over after start within 5.0 s']);
    expect(broken(run(6_000)).filter(text => word.test(`${text}`))).toEqual([]);
  });

  it('a tag that nobody is told of may be doubled', () => {
    const blue = (run: RunRecord) => ({ ...run, sent: run.sent.map(message => ({ ...message, tag: 'blue' })) });
    const run = accounts(
      blue({ ...record, handlings: [...record.handlings, handled('1', 'blue', 1), handled('2', 'blue', 1)] }),
    );
    expect(run.all.doubled).toBe(2);
    expect(broken(run, accounts())).not.toContain('at most 1 of 1');
  });

  it('patience stretches the bounds of time', () => {
    expect(broken(accounts(), accounts(), { ...options, patience: 2 })).toEqual([]);
  });
});

it('a run counts when each kind of event happened often enough', () => {
  expect(missingEvents(accounts(), 0)).toEqual([]);
  expect(missingEvents(accounts(), 1)).toEqual([
    ...['stop: 0 of 1', 'stop without shutdown: 0 of 1', 'crash: 0 of 1', 'freeze: 0 of 1'],
    ...['broker restart: 0 of 1', 'baseline restart: 0 of 1', 'handler failure: 0 of 1'],
  ]);
});

it('the table has the run beside its control', () => {
  const text = table({ run: more(handled('1', 'gray', 1)), control: accounts() }, 'auto');
  expect(text).toMatch(/^ +auto +control$/m);
  expect(text).toMatch(/^sent +1,000 +1,000$/m);
  expect(text).toMatch(/^doubled +1 +0$/m);
  expect(text).toMatch(/^ {2}gray +1 +0$/m);
  expect(new Set(text.split('\n').map(line => line.length)).size).toBe(1);
});

it('the picture has a row for each process, and its events', () => {
  const picture = timeline(record, 'a < b');
  expect(picture).toContain('>a &#60; b<');
  for (const row of ['gray-1', 'owner']) expect(picture).toContain(`>${row}</text>`);
  expect(picture).toContain('<title>start: gray-1, 0.5 s</title>');
});
