import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupOfRequest } from '../../src/instrumentations/rocketmq-traffic/grpc-requests';
import { consumerGroups } from '../../src/instrumentations/rocketmq-traffic/remoting-commands';
import { encodeFrame } from '../../src/rocketmq/remoting/frame';

const frame = (code: number, extFields: Record<string, string> = {}, body: unknown = undefined, flag = 0) =>
  encodeFrame({
    code,
    flag,
    opaque: 1,
    version: 0,
    remark: '',
    extFields,
    body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
  });

describe('what a connection of the remoting protocol writes', () => {
  it.each<[string, Buffer, readonly string[]]>([
    ['a pull', frame(11, { consumerGroup: 'group1', topic: 'T' }), ['group1']],
    ['a question for the members', frame(38, { consumerGroup: 'group1' }), ['group1']],
    ['a pop', frame(200_050, { consumerGroup: 'group1' }), ['group1']],
    ['a heartbeat', frame(34, {}, { consumerDataSet: [{ groupName: 'a' }, { groupName: 'b' }] }), ['a', 'b']],
    ["a producer's heartbeat", frame(34, {}, { producerDataSet: [{ groupName: 'a' }], consumerDataSet: [] }), []],
    ['a heartbeat of nobody', frame(34, {}, null), []],
    ['a message', frame(10, { producerGroup: 'p' }), []],
    ['a question for a route', frame(105, { topic: 'T' }), []],
    ['an answer', frame(11, { consumerGroup: 'group1' }, undefined, 1), []],
  ])('%s: %s', (_what, bytes, groups) => {
    expect(consumerGroups()(bytes)).toEqual(groups);
  });

  it('is read in whatever pieces it is written', () => {
    const bytes = Buffer.concat([frame(105), frame(11, { consumerGroup: 'a' }), frame(38, { consumerGroup: 'b' })]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: bytes.length })), cuts => {
        const read = consumerGroups();
        const ends = [...new Set([...cuts, bytes.length])].sort((one, other) => one - other);
        const groups = ends.flatMap((end, at) => read(bytes.subarray(at === 0 ? 0 : ends[at - 1], end)) ?? []);
        expect(groups).toEqual(['a', 'b']);
      }),
    );
  });

  it('is given up where it is something else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 9, maxLength: 200 }), bytes => {
        const read = consumerGroups();
        expect(() => read(Buffer.from(bytes))).not.toThrow();
      }),
    );
    const read = consumerGroups();
    expect(read(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe(undefined);
    expect(read(frame(11, { consumerGroup: 'a' }))).toBe(undefined);
  });
});

describe('a request of gRPC', () => {
  const field = (number: number, value: Buffer | string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  };
  const resource = (name: string) => Buffer.concat([field(1, 'namespace'), field(2, name)]);
  const message = (...parts: Buffer[]) => {
    const bytes = Buffer.concat(parts);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(bytes.length, 1);
    return Buffer.concat([prefix, bytes]);
  };

  it.each<[string, Buffer, string | undefined]>([
    ['ReceiveMessage', message(field(1, resource('group1')), field(2, 'queue')), 'group1'],
    ['QueryAssignment', message(field(1, resource('topic')), field(2, resource('group1'))), 'group1'],
    ['QueryAssignment', message(Buffer.from([0x18, 0x96, 0x01]), field(2, resource('group1'))), 'group1'],
    ['ReceiveMessage', message(field(2, 'queue')), undefined],
    ['ReceiveMessage', message(), undefined],
    ['ReceiveMessage', message(field(1, resource('group1'))).subarray(0, 12), undefined],
    // Compressed.
    ['ReceiveMessage', Buffer.from([1, 0, 0, 0, 2, 9, 9]), undefined],
  ])('%s: its group is found', (method, bytes, group) => {
    expect(groupOfRequest(method)?.(bytes)).toBe(group);
  });

  it('is looked at only where it is of a consumer', () => {
    expect(['SendMessage', 'QueryRoute', 'Telemetry', 'toString'].map(groupOfRequest)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('of any bytes is no error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
        groupOfRequest('ReceiveMessage')?.(Buffer.from(bytes));
      }),
    );
  });
});
