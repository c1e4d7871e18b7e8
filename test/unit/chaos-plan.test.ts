import { describe, expect, it } from 'vitest';
import { ANY_ENVIRONMENT, addresses, isEnvironment } from '../../fixtures/chaos/environments';
import { parseOptions } from '../../fixtures/chaos/options';
import { type Action, messages, paceOf, plan } from '../../fixtures/chaos/plan';
import { HelpAskedFor } from '../../fixtures/servers/command-options';

const planOf = (seconds: number, seed = 42, pace = paceOf(seconds)) => plan({ seed, seconds, pace });
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

function counts(actions: readonly Action[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const action of actions) {
    const kind = action.do === 'end' ? action.end : action.do;
    found[kind] = (found[kind] ?? 0) + 1;
  }
  return found;
}

describe('the plan', () => {
  it('is the same for the same seed, another one for another', () => {
    expect(planOf(600)).toEqual(planOf(600));
    expect(planOf(600, 43)).not.toEqual(planOf(600));
  });

  it('of a shorter run is the begin of that of a longer one', () => {
    const long = planOf(1_800);
    const short = planOf(300, 42, paceOf(1_800));
    expect(short).toEqual(long.slice(0, short.length));
    expect(long[short.length]?.at).toBeGreaterThanOrEqual(300_000);
  });

  it.each([
    [600, 5],
    [1_800, 5],
    [75, 1],
  ])('of %d s has each kind of event %d times at least, whatever the seed', (seconds, atLeast) => {
    for (const seed of SEEDS) {
      const found = counts(planOf(seconds, seed));
      for (const kind of [
        'start',
        'stop',
        'stop without shutdown',
        'crash',
        'freeze',
        'restart broker',
        'restart baselines',
      ])
        expect(found[kind] ?? 0, `seed ${seed}: ${kind}`).toBeGreaterThanOrEqual(atLeast);
    }
  });

  it('starts a canary where none is, and ends or freezes one that is up', () => {
    for (const seed of SEEDS) {
      const up = new Map<string, string>();
      for (const action of planOf(600, seed)) {
        if (!('slot' in action)) continue;
        const { name } = action.slot;
        expect(up.has(name), `${seed}: ${name}, ${action.do} at ${action.at}`).toBe(action.do !== 'start');
        if (action.do === 'start') up.set(name, action.end);
        if (action.do === 'end') {
          // How it will end is known when it starts: one that closes its client on a signal is told so then.
          expect(action.end).toBe(up.get(name));
          up.delete(name);
        }
      }
    }
  });
});

describe('with settings that change', () => {
  const live = (seconds: number, seed: number) => plan({ seed, seconds, pace: paceOf(seconds), isLive: true });

  it('all else happens as without', () => {
    const others = live(600, 42).filter(
      action => action.do !== 'settings' && !('slot' in action && action.slot.tag === 'live'),
    );
    expect(others).toEqual(planOf(600));
  });

  it('the tag is declared before its first canary, then ignored and taken again in turns', () => {
    for (const seed of SEEDS) {
      const actions = live(75, seed);
      const changes = actions.flatMap(action => (action.do === 'settings' ? [action.live] : []));
      expect(changes.slice(0, 3)).toEqual(['declared', 'ignored', 'taken again']);
      for (const [at, change] of changes.entries()) {
        if (at > 0) expect(change).toBe(at % 2 === 1 ? 'ignored' : 'taken again');
      }
      const first = actions.findIndex(action => 'slot' in action && action.slot.tag === 'live');
      expect(first).toBeGreaterThan(actions.findIndex(action => action.do === 'settings'));
    }
  });

  it('some messages are of that tag, and as many are untagged', () => {
    const draw = (isLive: boolean) => {
      const next = messages({ seed: 1, isLive });
      return Array.from({ length: 2_000 }, () => next().tag);
    };
    expect(draw(true).filter(tag => tag === 'live').length).toBeGreaterThan(50);
    expect(draw(false)).not.toContain('live');
    const untagged = (tags: readonly (string | undefined)[]) => tags.filter(tag => tag === undefined).length;
    expect(untagged(draw(true))).toBeCloseTo(untagged(draw(false)), -2);
  });
});

it('messages are the same for the same seed, of every tag, and some fail', () => {
  const draw = (seed: number) => {
    const next = messages({ seed });
    return Array.from({ length: 2_000 }, next);
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(2)).not.toEqual(draw(1));
  const share = (tag: string | undefined) => draw(1).filter(message => message.tag === tag).length / 2_000;
  expect(share(undefined)).toBeCloseTo(0.5, 1);
  expect(share('gray')).toBeCloseTo(0.3, 1);
  expect(share('blue')).toBeCloseTo(0.12, 1);
  expect(share('audit')).toBeCloseTo(0.08, 1);
  expect(draw(1).filter(({ fails }) => fails).length).toBeGreaterThan(10);
});

describe('with environments that come and go', () => {
  const many = (seed: number, seconds = 600) => plan({ seed, seconds, pace: paceOf(seconds), environments: 20 });
  const ofEnvironments = (actions: readonly Action[]) =>
    actions.filter(action => 'slot' in action && isEnvironment(action.slot.tag));

  it('all else happens as without', () => {
    const others = many(42).filter(action => !ofEnvironments([action]).length);
    expect(others).toEqual(planOf(600));
  });

  it('each lives once, for 10 to 60 s, and as many are there at each time', () => {
    for (const seed of SEEDS) {
      const began = new Map<string, number>();
      const living: number[] = [];
      for (const action of ofEnvironments(many(seed))) {
        if (!('slot' in action)) continue;
        const { tag } = action.slot;
        const at = began.get(tag);
        if (action.do === 'start') {
          expect(at).toBeUndefined();
          began.set(tag, action.at);
          living.push(action.at);
        } else {
          expect(action.at - (at ?? 0)).toBeGreaterThanOrEqual(10_000);
          expect(action.at - (at ?? 0)).toBeLessThanOrEqual(60_000);
        }
      }
      // 20 places, 3.5 times the average life of 35 s from one to the next.
      expect(began.size).toBeGreaterThan(60);
      expect(began.size).toBeLessThan(140);
      expect(living.filter(at => at < 300_000).length / living.length).toBeCloseTo(0.5, 0);
    }
  });

  it('two messages of five are theirs', () => {
    const next = messages({ seed: 1, environments: 20 });
    const tags = Array.from({ length: 2_000 }, () => next().tag);
    expect(tags.filter(tag => tag === ANY_ENVIRONMENT).length / 2_000).toBeCloseTo(0.4, 1);
    expect(new Set(tags)).toEqual(new Set([undefined, ANY_ENVIRONMENT, 'gray', 'blue', 'audit']));
  });

  it('messages go to those that have been there for five seconds, until ten after their end', () => {
    const book = addresses(1);
    const any = (at: number) => new Set(Array.from({ length: 50 }, () => book.any(at)));
    expect(any(0)).toEqual(new Set([undefined]));
    book.started('env-1-1', 0);
    book.started('env-2-1', 3_000);
    expect(any(4_999)).toEqual(new Set([undefined]));
    expect(any(5_000)).toEqual(new Set(['env-1-1']));
    expect(any(8_000)).toEqual(new Set(['env-1-1', 'env-2-1']));
    book.ends('env-1-1', 9_000);
    expect(any(18_999)).toEqual(new Set(['env-1-1', 'env-2-1']));
    expect(any(19_000)).toEqual(new Set(['env-2-1']));
    book.ends('env-2-1', 19_000);
    expect(any(29_000)).toEqual(new Set([undefined]));
  });
});

describe('options', () => {
  it('are those of a run that counts, unless told otherwise', () => {
    expect(parseOptions([])).toMatchObject({
      ...{ mode: 'auto', client: 'rocketmq-client-nodejs', consumer: 'push', isDeclared: true, seconds: 600 },
      ...{ controlSeconds: 600, seed: 42, rate: 20, atLeast: 5, patience: 1 },
    });
    expect(parseOptions(['--seconds', '60', '--declared', 'false', '--control', '0', '--out', 'x'])).toMatchObject({
      ...{ seconds: 60, controlSeconds: 0, isDeclared: false, out: 'x' },
    });
    expect(parseOptions(['--seconds', '60']).controlSeconds).toBe(60);
    expect(parseOptions(['--tags', '50'])).toMatchObject({ tags: 50, environments: 0, processes: 2 });
    const churn = parseOptions(['--tags', '50', '--processes', '6', '--churn']);
    expect(churn).toMatchObject({ tags: 1, environments: 50, processes: 6 });
  });

  it.each([
    [['--mode', 'some'], "--mode cannot be 'some'; usage: npm run chaos"],
    [['--seconds', 'x'], "--seconds cannot be 'x'"],
    [['--seconds='], "--seconds cannot be ''"],
    [['--patience', '0.5'], "--patience cannot be '0.5'"],
    [['--declared', 'maybe'], "--declared cannot be 'maybe'"],
    [['--client', 'ali-ons', '--consumer', 'pull'], '--consumer pull: ali-ons has push consumers only'],
    [['--live', '--mode', 'all'], '--live goes with --mode auto alone'],
    [['--churn', '--live'], '--churn goes with --mode auto alone'],
    [['--churn', '--subscriptions', 'differ'], '--churn goes with --mode auto alone'],
    [['--processes', '0'], "--processes cannot be '0'"],
    [['--live', '--tags', '2'], '--live goes with --mode auto alone'],
    [['--what'], "Unknown option '--what'; usage: npm run chaos"],
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  it('help is no mistake', () => {
    expect(() => parseOptions(['--seed', '1', '--help'])).toThrow(HelpAskedFor);
    expect(() => parseOptions(['-h'])).toThrow(/^usage: npm run chaos/);
  });
});
