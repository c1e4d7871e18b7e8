/** Canaries that announce nothing, by what one broker says; see `simulation` for them among others. */
import { describe, expect, it } from 'vitest';
import type { Connected } from '../../src/rocketmq/presence/broker-link';
import { CANARY_SUFFIX, STAND_IN_SUFFIX } from '../../src/rocketmq/presence/consumer-client-id';
import { otherCanaries } from '../../src/rocketmq/presence/other-canaries';

interface Broker {
  readonly groups: readonly string[];
  readonly members: Readonly<Record<string, readonly Connected[]>>;
  /** SQL92, by group; of the topic T. */
  readonly filters: Readonly<Record<string, string>>;
  readonly announcers?: readonly Connected[];
}

const GRAY = "gray_tag = 'gray'";
const java: Connected = { clientId: '10.0.0.9@4711#123', address: '10.0.0.9:5000' };
const of = (member: Connected, filter = GRAY): Broker => ({
  groups: ['group1', 'group1_gray'],
  members: { group1_gray: [member] },
  filters: { group1_gray: filter },
});
const announcer = { clientId: 'gray@host-a@4711@abc@0.1.0', address: '10.0.0.9:6000' };

const asked: string[] = [];
const { on } = otherCanaries(group => `canaries of ${group}`);
function look(broker: Broker, { on: ask } = { on }): Promise<string[]> {
  asked.length = 0;
  const link = {
    async groupsOf(topic: string) {
      asked.push(`groups of ${topic}`);
      return [...broker.groups];
    },
    async members(group: string) {
      asked.push(`members of ${group}`);
      const expression = broker.filters[group] ?? '*';
      const type = expression === '*' ? ('TAG' as const) : ('SQL92' as const);
      return { members: broker.members[group] ?? [], filters: { T: { type, expression } } };
    },
    async announcers(group: string) {
      asked.push(group);
      return [...(broker.announcers ?? [])];
    },
  };
  return ask(link, 'broker-a', { group: 'group1', topics: ['T'], key: 'gray_tag' });
}

describe('a canary that announces nothing', () => {
  it.each<[string, Broker, string[]]>([
    ['is one by its condition', of(java), ['gray']],
    ['in the form of another agent', of(java, "(gray_tag in ('gray'))"), ['gray']],
    ['not by its name alone', of(java, 'a = 1'), []],
    ['not by a TAG filter', of(java, '*'), []],
    ['not by the condition of another tag', of(java, "gray_tag = 'blue'"), []],
    ['not by nobody', { ...of(java), members: {} }, []],
    ['not by a stand-in', of({ ...java, clientId: `a@1${STAND_IN_SUFFIX}` }), []],
    ['not by one of ours that has crashed', of({ ...java, clientId: `a@1${CANARY_SUFFIX}` }), []],
    ['not by one that announces itself, from the same address', { ...of(java), announcers: [announcer] }, []],
    [
      'not by one that announces itself, by the name of its host',
      { ...of({ clientId: 'host-a@4711@0@xyz', address: '10.1.1.1:1' }), announcers: [announcer] },
      [],
    ],
    [
      'beside one that announces itself in another process',
      { ...of(java), announcers: [{ ...announcer, clientId: 'gray@host-a@4712@abc' }] },
      ['gray'],
    ],
    [
      'in another group',
      { groups: ['group1_gray', 'group2_gray', 'group1__gray'], members: { group2_gray: [java] }, filters: {} },
      [],
    ],
  ])('%s', async (_name, broker, tags) => {
    expect(
      await look(
        broker,
        otherCanaries(group => group),
      ),
    ).toEqual(tags);
  });

  it('is none while one that has announced itself is still listed', async () => {
    const others = otherCanaries(group => group);
    expect(await look({ ...of(java), announcers: [announcer] }, others)).toEqual([]);
    expect(await look(of(java), others)).toEqual([]);
    expect(await look({ ...of(java), members: {} }, others)).toEqual([]);
    expect(await look(of(java), others)).toEqual(['gray']);
  });

  it('costs a question for each topic, and more only where there are groups with the names of canaries', async () => {
    await look({ ...of(java), groups: ['group1', 'other_gray'] });
    expect(asked).toEqual(['groups of T']);
    await look(of(java));
    expect(asked).toEqual(['groups of T', 'canaries of group1', 'members of group1_gray']);
  });
});
