import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderOf } from '../../src/rocketmq/hand-over/rendezvous';
import { areEnough, sharingOf, turnOf } from '../../src/rocketmq/hand-over/sharing';
import type { ProcessId } from '../../src/rocketmq/presence/announcement-name';

const peer = fc.record({ id: fc.string({ minLength: 1 }), host: fc.constantFrom('one', 'two', 'three') });
const peers = fc.uniqueArray(peer, { selector: ({ id }) => id, minLength: 1, maxLength: 12 });
const group = fc.string();

describe('in which order processes come', () => {
  it('is the same for all, whatever order they heard of each other in', () => {
    fc.assert(
      fc.property(
        peers.chain(all => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        group,
        ([all, shuffled], name) => {
          expect(orderOf(shuffled, name)).toEqual(orderOf(all, name));
          expect([...orderOf(all, name)].sort()).toEqual(all.map(({ id }) => id).sort());
        },
      ),
    );
  });

  it('stays as it was for the others when one goes, where each has a host of its own', () => {
    fc.assert(
      fc.property(peers, group, fc.nat(), (all, name, index) => {
        const apart = all.map(({ id }) => ({ id, host: id }));
        const gone = apart[index % apart.length] as ProcessId;
        const left = apart.filter(one => one !== gone);
        expect(orderOf(left, name)).toEqual(orderOf(apart, name).filter(id => id !== gone.id));
      }),
    );
  });

  it('has one of each host before a second one of any', () => {
    fc.assert(
      fc.property(peers, group, (all, name) => {
        const hosts = new Map(all.map(({ id, host }) => [id, host]));
        const first = orderOf(all, name).slice(0, new Set(hosts.values()).size);
        expect(new Set(first.map(id => hosts.get(id))).size).toBe(first.length);
      }),
    );
  });

  it('gives each its share', () => {
    const all = Array.from({ length: 10 }, (_, index) => ({
      id: `svc-${index}@${4_000 + index}@a1b2`,
      host: `${index}`,
    }));
    const counts = new Map(all.map(({ id }) => [id, 0]));
    for (let tag = 0; tag < 1_000; tag++) {
      for (const id of orderOf(all, `group1_pr-${tag}`).slice(0, 2)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    // 200 on average: with a standard deviation of 13, all of them are within five of them.
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(65);
  });
});

describe('whose turn it is to stand in', () => {
  const own = { id: 'own', host: 'here' };

  it('is that of as many as are wanted, and of all where there are not more, or where nobody may say who they are', () => {
    fc.assert(
      fc.property(peers, group, fc.integer({ min: 1, max: 4 }), (all, name, most) => {
        const turns = all.map(one => turnOf(sharingOf(one, all), most, name));
        expect(turns.filter(turn => turn === 0)).toHaveLength(Math.min(most, all.length));
        expect(Math.max(...turns)).toBe(Math.ceil(all.length / most) - 1);
        expect(turnOf(sharingOf(own, undefined), most, name)).toBe(0);
      }),
    );
  });

  it('counts this process before its own announcement is seen', () => {
    const sharing = sharingOf(own, [{ id: 'a', host: 'a' }]);
    expect(sharing?.peers.map(({ id }) => id)).toEqual(['a', 'own']);
  });

  it('are enough who stand in before it: those who come later do not count, strangers do', () => {
    const all = ['a', 'b', 'c', 'd'].map(id => ({ id, host: id }));
    const order = orderOf(all, 'group1_gray');
    const [first = '', second = '', third = '', fourth = ''] = order;
    const sharing = sharingOf({ id: third, host: third }, all);
    const enough = (...standing: string[]) => sharing && areEnough(sharing, 2, 'group1_gray', standing);
    expect(enough(first, second)).toBe(true);
    expect(enough(first, second, third)).toBe(true);
    expect(enough(first, fourth, third)).toBe(false);
    // Of a former agent, which announces nothing else.
    expect(enough(first, 'stranger')).toBe(true);
    expect(enough()).toBe(false);
  });
});
