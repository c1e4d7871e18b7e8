import { describe, expect, it } from 'vitest';
import { nameServerList } from '../../src/rocketmq/remoting/address-server';

const URL = 'http://h:8080/rocketmq/nsaddr';

describe('name servers that an address server tells', () => {
  it('are asked for again every two minutes, and the former ones used meanwhile', async () => {
    let now = 0;
    const answers = ['a:1;b:2\n', 'c:3', 'nonsense', 'd:4'];
    const asked: number[] = [];
    const list = nameServerList(URL, { now: () => now }, async () => {
      asked.push(now);
      return answers.shift() ?? '';
    });
    expect(await list()).toEqual(['a:1', 'b:2']);
    now = 119_999;
    expect(await list()).toEqual(['a:1', 'b:2']);
    now = 120_000;
    expect(await list()).toEqual(['a:1', 'b:2']);
    expect(await list()).toEqual(['c:3']);
    now = 240_000;
    await list();
    expect(await list()).toEqual(['c:3']);
    now = 245_000;
    await list();
    expect(await list()).toEqual(['d:4']);
    expect(asked).toEqual([0, 120_000, 240_000, 245_000]);
  });

  it('are not known when it cannot be asked: who asks then hears why', async () => {
    let now = 0;
    const list = nameServerList(URL, { now: () => now }, async () => {
      if (now === 0) throw new Error('connect ECONNREFUSED');
      return now === 5_000 ? '<html>' : 'a:1';
    });
    await expect(list()).rejects.toThrow(
      `the address server ${URL} does not tell the name servers: connect ECONNREFUSED`,
    );
    now = 5_000;
    await expect(list()).rejects.toThrow('it answers "<html>", not host:port;host:port');
    now = 10_000;
    expect(await list()).toEqual(['a:1']);
  });

  it('are asked for once by those who need them at the same time', async () => {
    let asked = 0;
    const list = nameServerList(URL, { now: () => 0 }, async () => `a:${++asked}`);
    expect(await Promise.all([list(), list(), list()])).toEqual([['a:1'], ['a:1'], ['a:1']]);
  });
});

it('name servers that are given need nobody to tell them', async () => {
  expect(await nameServerList('a:1;b:2', { now: () => 0 })()).toEqual(['a:1', 'b:2']);
});
