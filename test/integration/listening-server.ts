/** Servers on the local interface that are no RocketMQ. */
import { createServer, type Server } from 'node:net';

export async function silentServer(): Promise<Server> {
  return listening(createServer(socket => socket.unref()));
}

export function listening(server: Server, port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
