import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type RemotingConnection, remotingConnection } from '../../src/rocketmq/remoting/connection';
import { encodeFrame, frameDecoder, type RemotingFrame } from '../../src/rocketmq/remoting/frame';

const RESPONSE_FLAG = 1;
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A server that answers when it is told to. */
async function slowServer() {
  const held: { readonly frame: RemotingFrame; readonly socket: Socket }[] = [];
  let arrived = () => {};
  const server = createServer(socket => {
    const decode = frameDecoder();
    socket.on('data', chunk => {
      for (const frame of decode(chunk)) held.push({ frame, socket });
      arrived();
    });
    socket.on('error', () => {});
    ends.push(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close());
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    held,
    /** So many requests are there that are not answered. */
    async holds(count: number): Promise<void> {
      while (held.length < count) {
        await new Promise<void>(resolve => {
          arrived = resolve;
        });
      }
    },
    answer(count: number): void {
      for (const { frame, socket } of held.splice(0, count)) {
        socket.write(encodeFrame({ ...frame, flag: RESPONSE_FLAG, code: 0, remark: `${frame.extFields.number}` }));
      }
    },
    drop(): void {
      for (const { socket } of held.splice(0)) socket.destroy();
    },
  };
}

async function connected() {
  const server = await slowServer();
  const connection = remotingConnection(server.address);
  ends.push(() => connection.close());
  return { server, connection };
}

function ask(connection: RemotingConnection, count: number) {
  return Array.from({ length: count }, (_, number) =>
    connection.request(1, { number: `${number}` }).then(
      ({ remark }) => remark,
      (error: Error) => error.message,
    ),
  );
}

describe('a connection that is asked a lot at once', () => {
  it('sends a part, and the others in their order as answers come', async () => {
    const { server, connection } = await connected();
    const answers = ask(connection, 200);
    await server.holds(64);
    server.answer(10);
    await server.holds(64);
    expect(server.held.map(({ frame }) => frame.extFields.number)).toEqual(
      Array.from({ length: 64 }, (_, index) => `${index + 10}`),
    );
    server.answer(64);
    await server.holds(64);
    server.answer(64);
    await server.holds(62);
    expect(server.held).toHaveLength(62);
    server.answer(62);
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 200 }, (_, number) => `${number}`));
  });

  it('fails those that wait with those that are under way when it is lost, and opens another for the next', async () => {
    const { server, connection } = await connected();
    const answers = ask(connection, 100);
    await server.holds(64);
    server.drop();
    const problems = await Promise.all(answers);
    expect(new Set(problems).size).toBe(1);
    expect(problems[99]).toContain('connection lost');
    const next = ask(connection, 1);
    await server.holds(1);
    server.answer(1);
    expect(await Promise.all(next)).toEqual(['0']);
  });
});

describe('a question with a time-out', () => {
  const MS = 50;
  const askBriefly = (connection: RemotingConnection) =>
    connection.request(1, { number: '7' }, undefined, MS).then(
      ({ remark }) => remark,
      (error: Error) => error.message,
    );

  it('ends when there is no answer by then', async () => {
    const { server, connection } = await connected();
    expect(await askBriefly(connection)).toContain('no answer within 50 ms');
    expect(server.held).toHaveLength(1);
  });

  it('has the answer that came while the process had no time to read it', async () => {
    const { server, connection } = await connected();
    const answer = askBriefly(connection);
    await server.holds(1);
    server.answer(1);
    const until = performance.now() + 4 * MS;
    while (performance.now() < until);
    expect(await answer).toBe('7');
  });
});
