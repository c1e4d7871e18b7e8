import { describe, expect, it } from 'vitest';
import { isThreadSocket, ownerOf, socketPaths } from '../../src/process-status/status-socket-path';

describe('the socket of a process', () => {
  it.each<[string, boolean, number, readonly string[]]>([
    ['/run/gray', true, 0, ['/run/gray/rocketmq-gray-12.sock']],
    ['/run/gray/', true, 0, ['/run/gray/rocketmq-gray-12.sock']],
    ['/run/gray', true, 3, ['/run/gray/rocketmq-gray-12-3.sock']],
    ['/run/gray.sock', false, 0, ['/run/gray.sock', '/run/gray.sock.12']],
    ['/run/gray.sock', false, 3, ['/run/gray.sock.12-3']],
  ])('%s (a directory: %s), thread %i', (setting, isDirectory, thread, paths) => {
    expect(socketPaths(setting, isDirectory, { pid: 12, thread })).toEqual(paths);
  });

  it.each([
    ['rocketmq-gray-12-3.sock', 'rocketmq-gray-12.sock', true],
    ['rocketmq-gray-12.sock', 'rocketmq-gray-12.sock', false],
    ['rocketmq-gray-13-3.sock', 'rocketmq-gray-12.sock', false],
    ['gray.sock.12-3', 'gray.sock', true],
    ['gray.sock.12-3', 'gray.sock.12', true],
    ['gray.sock.12', 'gray.sock', false],
    ['gray.sock.13-3', 'gray.sock', false],
    ['gray.sock.123-4', 'gray.sock', false],
  ])('of another thread: %s beside %s (%s)', (file, socket, expected) => {
    expect(isThreadSocket(file, socket, 12)).toBe(expected);
  });

  it.each([
    ['rocketmq-gray-12.sock', { pid: 12, thread: 0 }],
    ['rocketmq-gray-12-3.sock', { pid: 12, thread: 3 }],
    ['rocketmq-gray-.sock', undefined],
    ['my-rocketmq-gray-12.sock', undefined],
    ['rocketmq-gray-12.sock.bak', undefined],
    ['app.sock', undefined],
  ])('is known by its name: %s', (file, owner) => {
    expect(ownerOf(file)).toEqual(owner);
  });
});
