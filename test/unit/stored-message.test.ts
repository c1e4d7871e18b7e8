/** Messages as brokers keep them, and ids that say where. Messages of real brokers: test/operations/message-command.test.ts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storedMessages } from '../../src/inspection/cluster/stored-message';
import { placeInId } from '../../src/inspection/message/offset-id';
import { propertyRuns } from './property-runs';

/** As CommitLog.java writes it. */
function stored({
  topic = 'T',
  properties = 'a\u00011\u0002',
  magic = 0xdaa320a7,
  flags = 0,
  body = 'x',
} = {}): Buffer {
  const int = (value: number) => Buffer.from(Uint32Array.of(value).buffer).swap32();
  const long = (value: bigint) => Buffer.from(BigInt64Array.of(value).buffer).swap64();
  const short = (value: number) => Buffer.from(Uint16Array.of(value).buffer).swap16();
  const host = (isIpv6: boolean) =>
    isIpv6 ? Buffer.from('00000000000000000000000000000001', 'hex') : Buffer.from([10, 0, 0, 1]);
  const name = Buffer.from(topic);
  const text = Buffer.from(properties);
  const rest = Buffer.concat([
    ...[int(magic), int(0), int(3), int(0), long(7n), long(900n), int(flags), long(1_000n)],
    ...[host((flags & 16) !== 0), int(5), long(1_001n), host((flags & 32) !== 0), int(6), int(2), long(0n)],
    ...[int(body.length), Buffer.from(body)],
    ...[magic === 0xdaa320a7 ? Buffer.from([name.length]) : short(name.length), name, short(text.length), text],
  ]);
  return Buffer.concat([int(rest.length + 4), rest]);
}

describe('a stored message', () => {
  it('is read, whichever form its topic and its hosts have', () => {
    const expected = {
      ...{
        topic: 'T',
        queueId: 3,
        queueOffset: 7,
        offsetId: '0A000001000000060000000000000384',
        bornAt: 1_000,
        storedAt: 1_001,
      },
      ...{ bornHost: '10.0.0.1:5', reconsumeTimes: 2, bodySize: 1, properties: { a: '1' } },
    };
    expect(storedMessages(stored())).toEqual([expected]);
    expect(storedMessages(stored({ magic: 0xdaa320ab }))).toEqual([expected]);
    const byIpv6 = {
      bornHost: '[0:0:0:0:0:0:0:1]:5',
      offsetId: '00000000000000000000000000000001000000060000000000000384',
    };
    expect(storedMessages(stored({ flags: 16 + 32 }))).toEqual([{ ...expected, ...byIpv6 }]);
    expect(storedMessages(Buffer.concat([stored(), stored({ topic: 'U' })])).map(({ topic }) => topic)).toEqual([
      'T',
      'U',
    ]);
    expect(storedMessages(Buffer.alloc(0))).toEqual([]);
    expect(storedMessages(stored({ properties: 'no value\u0002b\u0001\u0002' }))[0]?.properties).toEqual({ b: '' });
  });

  it('that is none is an error of its own', () => {
    const whole = stored();
    const property = fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const broken = Buffer.from(whole);
      broken[at] = byte;
      for (const bytes of [broken, whole.subarray(0, at)]) {
        try {
          storedMessages(bytes);
        } catch (error) {
          expect((error as Error).name).toBe('StoredMessageError');
        }
      }
    });
    fc.assert(property, { numRuns: propertyRuns(500) });
    expect(() => storedMessages(stored({ magic: 1 }))).toThrow('magic 1');
  });
});

it.each([
  ['7F00000100002A9F00000000000003E8', { address: '127.0.0.1:10911', offset: 1_000n }],
  ['7f00000100002a9f00000000000003e8', { address: '127.0.0.1:10911', offset: 1_000n }],
  ['7F00000100002A9F00000000000003E', undefined],
  ['01ACDE48001122334455667788', undefined],
  ['an id of somebody', undefined],
])('the place in the id %s', (id, place) => {
  expect(placeInId(id)).toEqual(place);
});
