/** The next service: everybody here calls it, and it notes who called, about which order, and with which baggage. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  /** The instance that called. */
  readonly from: string;
  /** Made while a request, or a message, was handled. */
  readonly during: 'request' | 'message';
  readonly id: string;
  readonly baggage: string | null;
}

export interface Downstream {
  /** What the instance puts before the path of each of its calls. */
  urlFor(instance: string): string;
  calls(): readonly Call[];
  close(): void;
}

export async function startDownstream(): Promise<Downstream> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const [, from = '', during, id = ''] = (request.url ?? '').split('/');
    const baggage = (request.headers.baggage as string | undefined) ?? null;
    calls.push({ from, during: during as Call['during'], id, baggage });
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ baggage }));
  });
  // On a busy machine the end of an idle connection reaches an application only with its next call, which then fails.
  server.keepAliveTimeout = 300_000;
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlFor: instance => `http://127.0.0.1:${port}/${instance}`,
    calls: () => calls,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
