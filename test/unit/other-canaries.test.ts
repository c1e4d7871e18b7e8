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
function look(broker: Broker, { on: ask } = { on }, topics = ['T']): Promise<string[]> {
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
  return ask(link, 'broker-a', { group: 'group1', topics, key: 'gray_tag' });
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

describe('hundreds of groups with the names of canaries', () => {
  const COUNT = 100;
  const IN_TURN = 20;
  const tags = Array.from({ length: COUNT }, (_, index) => `t${index}`);
  const groups = ['group1', ...tags.map(tag => `group1_${tag}`)];
  const filters = Object.fromEntries(tags.map(tag => [`group1_${tag}`, `gray_tag = '${tag}'`]));
  const lookedAt = () => asked.filter(text => text.startsWith('members of ')).map(text => text.slice(18));

  it('are all looked at first, then in turn', async () => {
    const others = otherCanaries(group => group);
    const broker = { groups, members: {}, filters };
    await look(broker, others);
    expect(lookedAt()).toEqual(tags);
    const turns: string[] = [];
    for (let count = 0; count < COUNT / IN_TURN; count++) {
      await look(broker, others);
      expect(lookedAt()).toHaveLength(IN_TURN);
      turns.push(...lookedAt());
    }
    expect(turns).toEqual(tags);
  });

  it('and one that has come, or in which one is, each time', async () => {
    const others = otherCanaries(group => group);
    const members = { group1_t50: [java], group1_new: [java] };
    const all = { ...filters, group1_new: "gray_tag = 'new'" };
    expect(await look({ groups, members, filters: all }, others)).toEqual(['t50']);
    const more = { groups: [...groups, 'group1_new'], members, filters: all };
    expect((await look(more, others)).sort()).toEqual(['new', 't50']);
    expect(lookedAt()).toHaveLength(IN_TURN + 2);
    expect((await look({ ...more, members: { group1_new: [java] } }, others)).sort()).toEqual(['new']);
    await look({ ...more, members: { group1_new: [java] } }, others);
    expect(lookedAt()).toHaveLength(IN_TURN + 1);
    expect(lookedAt()).toContain('new');
  });

  it('and those whose canaries are others now, until it is known what their consumers are called', async () => {
    const others = otherCanaries(group => group);
    const of = (id: string, members: readonly Connected[]) => ({
      ...{ groups, filters },
      members: { group1_t99: members },
      announcers: [{ clientId: `t99@${id}`, address: '10.0.0.9:6000' }],
    });
    await look({ groups, members: {}, filters }, others);
    for (let count = 0; count < 2; count++) {
      await look(of('host-a@4711@abc@0.1.0', []), others);
      expect(lookedAt()).toContain('t99');
    }
    expect(await look(of('host-a@4711@abc@0.1.0', [java]), others)).toEqual([]);
    expect(lookedAt()).toContain('t99');
    await look(of('host-a@4711@abc@0.1.0', [java]), others);
    expect(lookedAt()).not.toContain('t99');
    await look(of('host-a@4712@def@0.1.0', [java]), others);
    expect(lookedAt()).toContain('t99');
    // It is still listed, and no stranger.
    expect(await look({ groups, members: { group1_t99: [java] }, filters }, others)).toEqual([]);
  });

  it('but not for ever, where their consumers are at a proxy', async () => {
    const others = otherCanaries(group => group);
    const announcers = [{ clientId: 't99@host-a@4711@abc@0.1.0', address: '10.0.0.9:6000' }];
    const present = { groups, filters, members: {}, announcers };
    const seen: boolean[] = [];
    for (let count = 0; count < 6; count++) {
      await look(present, others);
      seen.push(lookedAt().includes('t99'));
    }
    expect(seen).toEqual([true, true, true, true, true, false]);
  });

  it('are others for other topics', async () => {
    const others = otherCanaries(group => group);
    const members = { group1_t50: [java] };
    const broker = { groups, members, filters };
    expect(await look(broker, others)).toEqual(['t50']);
    expect(await look(broker, others, ['U'])).toEqual([]);
    await look(broker, others);
    expect(lookedAt()).toHaveLength(IN_TURN + 1);
  });
});
