import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rocketmq } from '../../fixtures/rocketmq';
import { takeRocketmq } from '../../fixtures/warm-servers/take';
import {
  type BrokerAdministration,
  brokerAdministration,
} from '../../src/rocketmq/administration/broker-administration';
import { canaryMarkers } from '../../src/rocketmq/hand-over/canary-marker';
import type { Marker, Phase } from '../../src/rocketmq/hand-over/hand-over';
import { chosenRocketmqVersions } from './each-rocketmq';

const NAMESPACE = 'ROCKETMQ_GRAY';
const NOBODY = '127.0.0.1:1';
const servers: Rocketmq[] = [];
const opened: BrokerAdministration[] = [];

function on(...namesrv: string[]): BrokerAdministration {
  const one = brokerAdministration({ namesrv: namesrv.join(';') });
  opened.push(one);
  return one;
}

let named = 0;
const newGroup = () => `MQ_INST_1%group"${++named}`;
const marked = (tag: string, phase: Phase): Marker => ({ tag, phase, at: Date.now() });
const marker = (tag: string, phase: Phase) => ({ tag, phase, at: expect.any(Number) });

// The name servers of two versions beside each other: each keeps its own copy.
describe.each(
  chosenRocketmqVersions().map((version, index, all) => [version, all[(index + 1) % all.length] ?? version]),
)('name servers %s and %s', (...versions) => {
  let first = '';
  let second = '';

  beforeAll(async () => {
    for (const version of versions) servers.push(await takeRocketmq({ version }));
    [first = '', second = ''] = servers.map(({ namesrv }) => namesrv);
  });
  afterAll(async () => {
    for (const one of opened.splice(0)) one.close();
    for (const server of servers.splice(0)) await server.stop();
  });

  it('keep markers, each of them', async () => {
    const group = newGroup();
    const markers = canaryMarkers(on(first, second));
    expect(await markers.read(group)).toEqual([]);
    expect(await markers.write(group, marked('gray', 'managed'))).toBe(true);
    expect(await markers.write(group, marked('pr-1', 'managed'))).toBe(true);
    expect(await markers.write(newGroup(), marked('blue', 'managed'))).toBe(true);
    expect(await markers.write(group, marked('pr-1', 'retired'))).toBe(true);
    for (const all of [markers, canaryMarkers(on(first)), canaryMarkers(on(second))]) {
      expect(await all.read(group)).toEqual([marker('gray', 'managed'), marker('pr-1', 'retired')]);
    }
  });

  it('one of them away: what it missed is known by the other', async () => {
    const group = newGroup();
    await canaryMarkers(on(first, second)).write(group, marked('gray', 'managed'));
    expect(await canaryMarkers(on(NOBODY, first)).write(group, marked('gray', 'retired'))).toBe(true);
    expect(await canaryMarkers(on(second)).read(group)).toEqual([marker('gray', 'managed')]);
    const both = canaryMarkers(on(first, second));
    expect(await both.read(group)).toEqual([marker('gray', 'retired')]);
    expect(await canaryMarkers(on(first, NOBODY)).read(group)).toEqual([marker('gray', 'retired')]);

    await both.write(group, marked('gray', 'managed'));
    expect(await both.read(group)).toEqual([marker('gray', 'managed')]);
  });

  it('all of them away: nothing is known', async () => {
    const markers = canaryMarkers(on(NOBODY));
    expect(await markers.read('group1')).toBe(undefined);
    expect(await markers.write('group1', marked('gray', 'managed'))).toBe(false);
  });

  it('with the entries of others: these are left alone', async () => {
    const group = newGroup();
    const both = on(first, second);
    const foreign: [string, string][] = [
      [`${group}_blue`, 'what is it?'],
      [`${group}_green`, JSON.stringify({ group, tag: 'red', phase: 'managed', at: 1 })],
      ['nobody', '{}'],
    ];
    for (const [key, text] of foreign)
      expect(await both.putKeyValue(NAMESPACE, key, text)).toEqual({ taken: 2, of: 2 });
    const markers = canaryMarkers(both);
    expect(await markers.read(group)).toEqual([]);
    await markers.write(group, marked('gray', 'managed'));
    expect(await markers.read(group)).toEqual([marker('gray', 'managed')]);
    for (const table of await both.keyValues(NAMESPACE)) {
      for (const [key, text] of foreign) expect(table.get(key)).toBe(text);
    }
  });

  it('a later marker is later also by a clock that is behind', async () => {
    const group = newGroup();
    const administration = on(first, second);
    const at = Date.now() + 3_600_000;
    const ahead = JSON.stringify({ group, tag: 'gray', phase: 'retired', at });
    await administration.putKeyValue(NAMESPACE, `${group}_gray`, ahead);
    const markers = canaryMarkers(administration);
    await markers.write(group, marked('gray', 'managed'));
    expect(await markers.read(group)).toEqual([{ tag: 'gray', phase: 'managed', at: at + 1 }]);
  });

  it('tags given up long ago leave with the next marker of their group', async () => {
    const group = newGroup();
    const administration = on(first, second);
    for (const [tag, phase] of [
      ['pr-1', 'retired'],
      ['pr-2', 'managed'],
    ]) {
      const text = JSON.stringify({ group, tag, phase, at: Date.now() - 31 * 24 * 3_600_000 });
      await administration.putKeyValue(NAMESPACE, `${group}_${tag}`, text);
    }
    const markers = canaryMarkers(administration);
    await markers.write(group, marked('gray', 'managed'));
    expect(await markers.read(group)).toEqual([marker('gray', 'managed'), marker('pr-2', 'managed')]);
  });
});
