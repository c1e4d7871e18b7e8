/**
 * Requests of node:http and node:https that a route sends elsewhere: to a target whose name may have to be looked up first, and
 * back to the baseline where the target takes no connection. Until then nothing of the request was sent.
 *
 * Hooks, Node.js 18.19 to 26: they come from `Agent.prototype.addRequest` and `ClientRequest.prototype.onSocket`.
 */
import type { Socket } from 'node:net';
import { type Address, hostHeader } from '../routing/address';
import { PATIENCE_MS, type RoutedCall, whenFound } from '../routing/routes';
import { type ConnectOptions, type Request, renameHost } from './node-http-request';

/** Where a request goes that was made to `called`. */
export interface RoutedOptions {
  readonly called: Address;
  readonly found: RoutedCall | Promise<RoutedCall | undefined>;
}

/** What is done when a connection cannot be made. */
type FallBack = (problem: string) => void;

// In each bundle: there is one that patches node:http.
const fallBacks = new WeakMap<Request, FallBack>();

/** @param add has the agent make the request with these options */
export function addRouted(
  request: Request,
  options: ConnectOptions,
  { called, found }: RoutedOptions,
  add: (options: ConnectOptions) => unknown,
): unknown {
  const send = (to: RoutedCall | undefined) => {
    if (to === undefined) return add(options);
    const { host } = request;
    const { host: target, port, takesHost } = to;
    const named = request.getHeader('host') !== undefined || typeof request._header === 'string';
    fallBacks.set(request, problem => {
      to.refused(problem);
      if (takesHost) renameHost(request, to, hostHeader(called));
      request.host = host;
      add(options);
    });
    if (takesHost) renameHost(request, called, hostHeader(to));
    request.host = target;
    // The server is asked for by the name that the application called.
    const name = named ? {} : { servername: (options as { servername?: unknown }).servername ?? called.host };
    return add({ ...options, ...name, host: target, hostname: target, port } as object as ConnectOptions);
  };
  return whenFound(found, send, error => request.onSocket(null as unknown as Socket, error as Error));
}

/**
 * Whether a request waits for its connection: until it is up, has failed, or takes long.
 *
 * @param deliver gives the request its connection
 */
export function holdSocket(request: Request, socket: unknown, error: unknown, deliver: () => void): boolean {
  const fallBack = fallBacks.get(request);
  if (fallBack === undefined) return false;
  fallBacks.delete(request);
  const made = socket as Socket | null | undefined;
  if (made === null || made === undefined) {
    if (error === undefined || error === null) return false;
    fallBack(problemOf(error));
    return true;
  }
  if (!made.connecting) return false;
  const settle = (next: () => void) => {
    clearTimeout(timer);
    made.off('connect', onConnect);
    made.off('error', onError);
    next();
  };
  const onConnect = () => settle(deliver);
  const onError = (problem: unknown) =>
    settle(() => {
      // It may have more to say, and nobody else listens.
      made.on('error', () => {});
      fallBack(problemOf(problem));
    });
  const timer = setTimeout(onConnect, PATIENCE_MS).unref();
  made.on('connect', onConnect);
  made.on('error', onError);
  return true;
}

function problemOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
