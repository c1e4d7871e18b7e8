import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MEMORY_MS,
  type Memory,
  remember,
  SETTLING_MS,
  type Source,
  whoIsThere,
} from '../../src/rocketmq/presence/memory';

const memory = (answeredAt: number, seen: Record<string, number>, isSettling = false): Memory => ({
  answeredAt,
  isSettling,
  seen: new Map(Object.entries(seen)),
});

describe('what is remembered of a broker', () => {
  const AT = 1_000_000;
  const reconnected = AT - SETTLING_MS + 1;
  const earlier = reconnected - 1;
  it.each<[string, Memory | undefined, readonly string[], number, Record<string, number>]>([
    ['a first answer', undefined, ['gray'], reconnected, { gray: AT }],
    ['a first answer that names nobody', undefined, [], reconnected, {}],
    ['a later answer replaces it', memory(AT - 1, { gray: AT - 1 }), ['blue'], 0, { blue: AT }],
    [
      'after a reconnection, whom it leaves out',
      memory(earlier, { gray: earlier }),
      [],
      reconnected,
      { gray: earlier },
    ],
    ['beside whom it names', memory(earlier, { gray: earlier }), ['blue'], reconnected, { blue: AT, gray: earlier }],
    ['with the newer time', memory(earlier, { gray: earlier }), ['gray'], reconnected, { gray: AT }],
    ['but not who was seen over this connection', memory(AT - 1, { gray: reconnected }), [], reconnected, {}],
    ['until it has settled', memory(earlier, { gray: earlier }), [], AT - SETTLING_MS, {}],
    ['nor for longer than answers hold', memory(earlier, { gray: AT - MEMORY_MS - 1 }), [], reconnected, {}],
  ])('%s', (_, former, names, connectedAt, seen) => {
    expect(remember(former, { names, at: AT, connectedAt })).toEqual(memory(AT, seen, AT - connectedAt < SETTLING_MS));
  });

  it('ends, however often the connection is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: SETTLING_MS }), { minLength: 1, maxLength: 200 }), steps => {
        let at = 0;
        let known: Memory = memory(0, { gray: 0 });
        for (const step of steps) {
          at += step;
          known = remember(known, { names: [], at, connectedAt: at });
        }
        expect(known.seen.has('gray')).toBe(at <= MEMORY_MS);
      }),
    );
  });
});

describe('who is there', () => {
  const NOW = 1_000_000;
  const answered = (names: Record<string, number>): Source => ({ answered: true, memory: memory(NOW, names) });
  const back = (names: Record<string, number>): Source => ({ answered: true, memory: memory(NOW, names, true) });
  const away = (at: number, names: Record<string, number>): Source => ({ answered: false, memory: memory(at, names) });
  const never: Source = { answered: false, memory: undefined };
  const old = NOW - MEMORY_MS;
  it.each<[string, readonly Source[], readonly string[], boolean]>([
    ['no broker', [], [], false],
    ['nobody, by all', [answered({}), answered({})], [], true],
    ['by any of them', [answered({ gray: NOW }), answered({ blue: NOW })], ['blue', 'gray'], true],
    ['by those that answer, whatever one that is away said last', [answered({}), away(old, { gray: old })], [], true],
    ['by those that answer, beside one that never did', [answered({ gray: NOW }), never], ['gray'], true],
    ['by last answers, and not for sure, when none answers', [away(old, { gray: old }), never], ['gray'], false],
    ['by what was known of a broker that has just come back', [back({ gray: old })], ['gray'], true],
    ['by others rather than by what was known of such a broker', [back({ gray: old }), answered({})], [], true],
    ['by such a broker, if it names them', [back({ gray: NOW }), answered({})], ['gray'], true],
    ['not by last answers that are too old', [away(old - 1, { gray: old - 1 })], [], false],
    ['not known: none has ever answered', [never], [], false],
  ])('%s', (_, sources, names, isComplete) => {
    const seen = whoIsThere(sources, NOW);
    expect([...seen.names].sort()).toEqual(names);
    expect(seen.isComplete).toBe(isComplete);
  });
});
