import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeFrame,
  frameDecoder,
  isResponse,
  parseFastjson,
  type RemotingFrame,
  RemotingFrameError,
} from '../../src/rocketmq/remoting/frame';

const frames = fc.array(
  fc.record({
    code: fc.nat(),
    flag: fc.nat(3),
    opaque: fc.nat(),
    version: fc.nat(),
    remark: fc.string({ unit: 'grapheme' }),
    extFields: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
    body: fc.uint8Array({ maxLength: 100 }).map(bytes => Buffer.from(bytes)),
  }),
  { maxLength: 8 },
);

/** A stream cut at the given places, each a fraction of its length. */
function cut(stream: Buffer, fractions: readonly number[]): Buffer[] {
  const places = [0, ...fractions.map(fraction => Math.floor(fraction * stream.length)), stream.length];
  places.sort((a, b) => a - b);
  return places.slice(1).map((end, index) => stream.subarray(places[index], end));
}

describe('frames', () => {
  it('are the same however the stream is cut', () => {
    const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });
    fc.assert(
      fc.property(frames, fractions, (sent: RemotingFrame[], places) => {
        const decode = frameDecoder();
        const stream = Buffer.concat(sent.map(encodeFrame));
        expect(cut(stream, places).flatMap(decode)).toEqual(sent);
      }),
    );
  });

  it('come one at a time when the stream comes byte by byte', () => {
    const frame = { code: 0, flag: 1, opaque: 7, version: 0, remark: 'ok', extFields: {}, body: Buffer.from('{}') };
    const decode = frameDecoder();
    const bytes = encodeFrame(frame);
    for (const byte of bytes.subarray(0, -1)) expect(decode(Buffer.of(byte))).toEqual([]);
    expect(decode(bytes.subarray(-1))).toEqual([frame]);
  });

  it('of a server may lack what is empty, and hold values that are no strings', () => {
    const header = '{"code":0,"flag":1,"opaque":3,"extFields":{"offset":12,"found":true,"none":null},"version":475}';
    expect(frameDecoder()(framed(header))).toEqual([
      {
        code: 0,
        flag: 1,
        opaque: 3,
        version: 475,
        remark: '',
        extFields: { offset: '12', found: 'true' },
        body: Buffer.alloc(0),
      },
    ]);
  });

  it.each([
    ['a length beyond any frame', Buffer.from('HTTP/1.1 400 Bad Request\r\n')],
    ['a length below any frame', Buffer.from([0, 0, 0, 3, 1, 2, 3])],
    ['a header in the binary encoding', Buffer.from([0, 0, 0, 5, 1, 0, 0, 1, 0])],
    ['a header longer than the frame', Buffer.from([0, 0, 0, 5, 0, 0, 0, 9, 0])],
    ['a header that is no JSON', framed('nonsense')],
    ['a header that is no object', framed('[]')],
    ['a header without an opaque', framed('{"code":0,"flag":1}')],
  ])('refuses %s', (_, bytes) => {
    expect(() => frameDecoder()(bytes)).toThrow(RemotingFrameError);
  });

  it('are told apart as requests and responses', () => {
    const frame = { code: 0, opaque: 0, version: 0, remark: '', extFields: {}, body: Buffer.alloc(0) };
    expect([0, 1, 2, 3].map(flag => isResponse({ ...frame, flag }))).toEqual([false, true, false, true]);
  });
});

describe('JSON of the servers', () => {
  it.each<[string, unknown]>([
    [
      '{"brokerAddrs":{0:"10.0.0.1:10911",1:"10.0.0.2:10911"}}',
      { brokerAddrs: { 0: '10.0.0.1:10911', 1: '10.0.0.2:10911' } },
    ],
    ['{ -1 : {2:3} , 4:[5,{6:7}]}', { '-1': { 2: 3 }, 4: [5, { 6: 7 }] }],
    ['{"a":"{0:1,2:3}"}', { a: '{0:1,2:3}' }],
    ['{"a\\"{0:":"\\\\",1:"\\\\\\""}', { 'a"{0:': '\\', 1: '\\"' }],
    ['[1,2]', [1, 2]],
    ['"{0:1}"', '{0:1}'],
  ])('%s', (text, value) => {
    expect(parseFastjson(text)).toEqual(value);
  });

  it('is JSON where it is JSON', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        expect(parseFastjson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('may leave any integer key unquoted', () => {
    const key = fc.oneof(
      fc.integer().map(String),
      fc.string({ unit: fc.constantFrom('{', ',', '0', ':', '"', '\\', ' ') }),
    );
    const { value } = fc.letrec(tie => ({
      value: fc.oneof(
        { depthSize: 'small' },
        key,
        fc.integer(),
        fc.array(tie('value')),
        fc.array(fc.tuple(key, tie('value'))),
      ),
    }));
    fc.assert(
      fc.property(value, tree => {
        expect(parseFastjson(write(tree, false))).toEqual(JSON.parse(write(tree, true)));
      }),
    );
  });

  it('may have objects for keys, as a table by queue has', () => {
    const queue = { brokerName: 'a{":,}', queueId: 0, topic: '%RETRY%g' };
    const text = `{"offsetTable":{${JSON.stringify(queue)}:{"brokerOffset":5},{"queueId":1}:{"brokerOffset":6}},"list":[{},{"a":[]}]}`;
    expect(parseFastjson(text)).toEqual({
      offsetTable: { [JSON.stringify(queue)]: { brokerOffset: 5 }, '{"queueId":1}': { brokerOffset: 6 } },
      list: [{}, { a: [] }],
    });
  });

  it('that is broken is refused', () => {
    for (const text of ['', '{', '{a:1}', '{"a:1}', "{'a':1}"]) expect(() => parseFastjson(text)).toThrow(SyntaxError);
  });
});

function framed(header: string): Buffer {
  const bytes = Buffer.alloc(8 + header.length);
  bytes.writeUInt32BE(4 + header.length, 0);
  bytes.writeUInt32BE(header.length, 4);
  bytes.write(header, 8);
  return bytes;
}

/** Writes a tree whose pairs stand for objects' members; integer keys with or without quotes. */
function write(tree: unknown, quoted: boolean): string {
  if (!Array.isArray(tree)) return JSON.stringify(tree);
  if (!tree.every(item => Array.isArray(item) && item.length === 2 && typeof item[0] === 'string')) {
    return `[${tree.map(item => write(item, quoted)).join(',')}]`;
  }
  const members = tree.map(([key, value]: [string, unknown]) => {
    const name = !quoted && /^-?\d+$/.test(key) ? key : JSON.stringify(key);
    return `${name}:${write(value, quoted)}`;
  });
  return `{${members.join(',')}}`;
}
