/** A connection of the agent's own to a server of RocketMQ: one that ends, one that says nothing, one that speaks another protocol. */
import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  RemotingConnectionError,
  RemotingTimeoutError,
  remotingConnection,
} from '../../src/rocketmq/remoting/connection';
import { encodeFrame, frameDecoder } from '../../src/rocketmq/remoting/frame';
import { listening, portOf } from './listening-server';

describe('a connection', () => {
  it('is opened again after the server came back; what was under way fails at once', async () => {
    const first = await echoServer();
    const port = portOf(first.server);
    const connection = remotingConnection(`127.0.0.1:${port}`);
    expect((await connection.request(1, { say: 'hello' })).extFields).toEqual({ say: 'hello' });

    const underWay = connection.request(UNANSWERED);
    await first.stop();
    await expect(underWay).rejects.toThrow(RemotingConnectionError);
    await expect(connection.request(1)).rejects.toThrow(
      new RegExp(`127\\.0\\.0\\.1:${port}, command 1: .*ECONNREFUSED`),
    );

    const second = await echoServer(port);
    expect((await connection.request(1, { say: 'again' })).extFields).toEqual({ say: 'again' });
    connection.close();
    await second.stop();
  });

  it('answers requests under way by their numbers, and gives up on one alone', async () => {
    const { server, stop } = await echoServer();
    const connection = remotingConnection(`127.0.0.1:${portOf(server)}`);
    const unanswered = connection.request(UNANSWERED, {}, undefined, 100);
    const answers = Promise.all(Array.from({ length: 50 }, (_, index) => connection.request(1, { index: `${index}` })));
    await expect(unanswered).rejects.toThrow(RemotingTimeoutError);
    expect((await answers).map(({ extFields }) => Number(extFields.index))).toEqual([...Array(50).keys()]);
    connection.close();
    await stop();
  });

  it('is closed when idle', async () => {
    const { server, stop } = await echoServer();
    const connection = remotingConnection(`127.0.0.1:${portOf(server)}`, { idleMs: 50 });
    await connection.request(1);
    await expect.poll(() => new Promise(resolve => server.getConnections((_, count) => resolve(count)))).toBe(0);
    await connection.request(1);
    await stop();
  });

  it('fails when what comes is no RocketMQ', async () => {
    const server = await listening(createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    await expect(remotingConnection(`127.0.0.1:${portOf(server)}`).request(105)).rejects.toThrow(
      /asking who hosts a topic: a frame of 1213486160 bytes/,
    );
    await expect(remotingConnection('nowhere').request(105)).rejects.toThrow(RemotingConnectionError);
    server.close();
  });
});

/** A command that the echo server keeps to itself. */
const UNANSWERED = 999;

async function echoServer(port = 0): Promise<{ server: Server; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const decode = frameDecoder();
    socket.on('data', chunk => {
      for (const frame of decode(chunk)) {
        if (frame.code !== UNANSWERED) socket.write(encodeFrame({ ...frame, code: 0, flag: 1 }));
      }
    });
  });
  await listening(server, port);
  return {
    server,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
