/** Calls that a route sends elsewhere: once it is known that the target is there, and back where it takes no connection. */
import { type RoutedCall, whenFound } from '../../routing/routes';
import type { Aimed } from './aim';

interface Ways<Handler> {
  /** To where the application sent it. */
  asItIs(): unknown;
  elsewhere(aimed: Aimed, handler: Handler): unknown;
  /** It is not sent. */
  fail(error: Error): unknown;
}

/** @returns what `dispatch` returns; true where the name of the target is looked up first: the dispatcher takes more */
export function sendRouted<Handler extends object>(
  { found, to }: NonNullable<Aimed['routed']>,
  handler: Handler,
  { asItIs, elsewhere, fail }: Ways<Handler>,
): unknown {
  const send = (call: RoutedCall | undefined) => {
    const aimed = call && to(call);
    if (call === undefined || aimed === undefined) return asItIs();
    const refused = (problem: string) => {
      call.refused(problem);
      try {
        asItIs();
      } catch (error) {
        fail(error as Error);
      }
    };
    return elsewhere(aimed, untilSent(handler, refused));
  };
  const takesMore = whenFound(found, send, error => fail(error as Error));
  return found instanceof Promise ? true : takesMore;
}

/** What a handler is told when its request begins to be sent, 5 to 8. Of errors it is told by one of the others. */
const SENT = new Set<string | symbol>(['onConnect', 'onRequestStart']);
/** Without a connection. */
const CONNECT_ERRORS = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'ECONNRESET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The handler as it is, save that it is not told of a connection that could not be made. */
function untilSent<Handler extends object>(handler: Handler, refused: (problem: string) => void): Handler {
  let isOver = false;
  const failed = (name: string | symbol, args: unknown[]) => {
    const { code } = (args[name === 'onError' ? 0 : 1] ?? {}) as NodeJS.ErrnoException;
    if (isOver || code === undefined || !CONNECT_ERRORS.has(code)) return false;
    isOver = true;
    refused(code);
    return true;
  };
  return new Proxy(handler, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const isError = name === 'onError' || name === 'onResponseError';
      return (...args: unknown[]) => {
        if (isError && failed(name, args)) return undefined;
        // What was begun once is told to the application, whatever comes.
        if (SENT.has(name)) isOver = true;
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
}
