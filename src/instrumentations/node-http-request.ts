/** Requests of node:http, as its agents see them. */
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { type Address, bracketed } from '../routing/address';

export type Request = ClientRequest & {
  /** The header block, once it is composed: at once where headers were given as an array. */
  _header?: string | null;
  outputData?: { data: unknown }[];
  onSocket(socket: Socket, error?: Error): void;
};
/** What a request hands its agent: host and port as they will be connected to, made for this request. */
export interface ConnectOptions {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly socketPath?: unknown;
}

/** Another `Host`. A virtual host that the application named stays: it is the service's, not the instance's. */
export function renameHost(request: Request, { host, port }: Address, to: string): void {
  const [name, address] = [bracketed(host).toLowerCase(), `${bracketed(host)}:${port}`.toLowerCase()];
  const isFormer = (value: string) => [name, address].includes(value.toLowerCase());
  if (typeof request._header === 'string') {
    const header = request._header;
    request._header = header.replace(/(\r\nhost: *)([^\r]*)/i, (line, name, value) =>
      isFormer(value) ? name + to : line,
    );
    // With `Expect: 100-continue` it waits for the connection already.
    for (const output of request.outputData ?? []) if (output.data === header) output.data = request._header;
  } else if (isFormer(String(request.getHeader('host')))) {
    request.setHeader('Host', to);
  }
}
