import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostAndPort, isAddressServer, parseAddress, parseNameServers } from '../../src/names/addresses';

describe('an address', () => {
  it.each([
    ['a:9876', 'a:9876'],
    ['10.0.0.1:9876', '10.0.0.1:9876'],
    ['a:09876', 'a:9876'],
    ['http://a:9876', 'a:9876'],
    ['http://a:9876/', 'a:9876'],
    ['[::1]:9876', '[::1]:9876'],
    ['::1:9876', '[::1]:9876'],
    ['fd00::7:a:9876', '[fd00::7:a]:9876'],
    ['a', undefined],
    ['a:', undefined],
    [':9876', undefined],
    ['a:b', undefined],
    ['a:0', undefined],
    ['a:65536', undefined],
    ['a b:9876', undefined],
    ['a/b:9876', undefined],
    ['x:y:9876', undefined],
    ['[a]:9876', 'a:9876'],
    ['', undefined],
  ])('%j is %j', (text, address) => {
    expect(parseAddress(text)).toBe(address);
  });

  it('is the same when it is read again', () => {
    const host = fc.oneof(fc.ipV6(), fc.ipV4(), fc.domain());
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
        const address = parseAddress(`${name}:${port}`);
        expect(address).toBeDefined();
        expect(parseAddress(address ?? '')).toBe(address);
        expect(hostAndPort(address ?? '')).toEqual({ host: name, port });
      }),
    );
  });
});

describe('name servers', () => {
  it.each([
    ['a:1;b:2', 'a:1;b:2'],
    ['a:1,b:2', 'a:1;b:2'],
    ['a:1 b:2', 'a:1;b:2'],
    [' a:1 ;; b:2/; ', 'a:1;b:2'],
    ['a:1;a:1', 'a:1'],
    ['::1:9876;[::2]:9876', '[::1]:9876;[::2]:9876'],
    ['http://h:8080/rocketmq/nsaddr', 'http://h:8080/rocketmq/nsaddr'],
    ['https://h/nsaddr', 'https://h/nsaddr'],
    ['http://h:8080/', 'h:8080'],
    ['a:1;b', undefined],
    [';', undefined],
    ['', undefined],
    ['http://h:8080/a;b:1', undefined],
  ])('%j are %j', (text, list) => {
    expect(parseNameServers(text)).toBe(list);
  });

  it('may be told by an address server', () => {
    expect(['http://h:8080/rocketmq/nsaddr', 'http://h:8080/', 'h:8080'].map(isAddressServer)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('are understood or not, whatever is written', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const list = parseNameServers(text);
        if (list !== undefined) expect(parseNameServers(list)).toBe(list);
      }),
    );
  });
});
