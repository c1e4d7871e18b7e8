import { describe, expect, it } from 'vitest';
import { keyValues } from '../../src/rocketmq/administration/key-values';
import type { Servers } from '../../src/rocketmq/administration/servers';

const [SUCCESS, NOT_FOUND] = [0, 22];

/** Name servers, each with a table as it would send it; undefined: it has none. */
function nameServers(...tables: (Record<string, string> | undefined)[]) {
  const servers = {
    askEachNameServer: async () => ({
      answers: tables.map(table => ({
        code: table ? SUCCESS : NOT_FOUND,
        body: Buffer.from(table ? JSON.stringify({ table }) : ''),
      })),
      asked: tables.length,
    }),
  } as unknown as Servers;
  return { tables, keyValuesOf: keyValues(servers) };
}

describe('the values of name servers', () => {
  it('are the same object as long as nothing changes', async () => {
    const { tables, keyValuesOf } = nameServers({ a: '1' }, undefined);
    const read = () => keyValuesOf.keyValues('NAMESPACE');
    const first = await read();
    expect(first).toEqual([new Map([['a', '1']]), new Map()]);
    expect(await read()).toBe(first);
    tables[1] = { a: '1' };
    const second = await read();
    expect(second).toEqual([new Map([['a', '1']]), new Map([['a', '1']])]);
    tables.pop();
    expect(await read()).toEqual([new Map([['a', '1']])]);
    tables.pop();
    expect(await read()).toEqual([]);
    tables.push({ a: '2' });
    expect(await read()).toEqual([new Map([['a', '2']])]);
  });

  it('of one namespace are not those of another', async () => {
    const { keyValuesOf } = nameServers({ a: '1' });
    const [one, other] = [await keyValuesOf.keyValues('ONE'), await keyValuesOf.keyValues('OTHER')];
    expect(other).not.toBe(one);
    expect(await keyValuesOf.keyValues('ONE')).toBe(one);
  });
});
