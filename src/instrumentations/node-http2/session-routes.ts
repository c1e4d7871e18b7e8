/**
 * Calls over node:http2 that a route sends elsewhere. A stream belongs to its session from the beginning on, and the application has
 * it at once. So it is one of another session, beside that of the application, whose connection waits for what has to be known: it
 * goes to the target where that is there and takes connections, else to where the application's goes. Then it is given up again.
 *
 * Used, Node.js 18.19 to 26: what a session keeps under its symbols `authority`, `protocol` and `socket`, what a TLS socket keeps
 * under `connect-options`, and the name that a socket has looked up, `_host`.
 */
import { Socket } from 'node:net';
import type { Agent } from '../../agent/agent';
import { oncePerObject } from '../../foreign-objects/once-per-object';
import { type AnyFunction, wrapMethod } from '../../foreign-objects/wrap';
import type { HeaderChange } from '../../propagation/http-headers';
import { type Address, hostHeader } from '../../routing/address';
import { keepSiblings, type Siblings } from '../../routing/siblings';
import { type Called, connect, type Found, type Session } from './target-session';

/** Until when the streams have begun, ms, that waited for a connection which is there. Those that have begun end by themselves. */
const BEGUN_WITHIN_MS = 1_000;

export interface RoutedStream {
  readonly session: Session;
  readonly changes: readonly HeaderChange[];
}

export function createSessionRoutes(
  prototype: object,
  agent: Agent,
): (session: Session, tag: string) => RoutedStream | undefined {
  const { routing } = agent;
  const calledBy = oncePerObject(calledOf);
  const all = new WeakMap<Session, Siblings<Session, Found>>();
  const unreferenced = new WeakSet<object>();

  mirrorLifecycle(prototype, agent, { all, unreferenced });

  const siblingsOf = (session: Session, called: Called): Siblings<Session, Found> => {
    let kept = all.get(session);
    if (kept === undefined) {
      const made = keepSiblings<Session, Found>({
        make(key, found) {
          const { port } = JSON.parse(key) as Address;
          const settings = { ...session.localSettings, ...called.options.settings };
          const options = { ...called.options, settings };
          const sibling = connect({ ...called, options }, port, found, () => made.giveUp(key, sibling));
          if (unreferenced.has(session)) sibling.unref();
          return sibling;
        },
        mayEnd: () => true,
        end: sibling =>
          new Promise<void>(resolve => {
            if (sibling.destroyed) return resolve();
            sibling.once('close', () => resolve());
            setTimeout(() => sibling.close(), BEGUN_WITHIN_MS).unref();
          }),
      });
      kept = made;
      all.set(session, kept);
      session.once('close', () => {
        for (const sibling of made.alive()) sibling.close();
      });
    }
    return kept;
  };

  return (session, tag) => {
    const called = session.closed || session.destroyed ? undefined : calledBy(session);
    const found = called && routing.route(called.host, called.port, tag);
    if (called === undefined || found === undefined) return undefined;
    const to = found instanceof Promise ? routing.routeTarget(called.host, called.port, tag) : found;
    if (to === undefined) return undefined;
    const { host, port, takesHost } = to;
    const key = JSON.stringify({ host, port });
    const kept = siblingsOf(session, called);
    const former = kept.find(key);
    if (former?.closed || former?.destroyed) kept.giveUp(key, former);
    // A connection to another port cannot take the called address, should the name not be there.
    else if (former === undefined && found instanceof Promise && port !== called.port) return undefined;
    const sibling = kept.for(key, found);
    const authority = takesHost ? hostHeader(to) : called.authority;
    return { session: sibling, changes: [{ name: ':authority', change: existing => existing ?? authority }] };
  };
}

interface Kept {
  readonly all: WeakMap<Session, Siblings<Session, Found>>;
  /** Sessions that do not keep the process alive. */
  readonly unreferenced: WeakSet<object>;
}

/** What becomes of a session of the application becomes of those beside it. */
function mirrorLifecycle(prototype: object, { guard }: Agent, { all, unreferenced }: Kept): void {
  // What keeps the process alive is the application's to say.
  for (const name of ['ref', 'unref'] as const) {
    wrapMethod<AnyFunction>(
      prototype,
      name,
      original =>
        function (this: Session) {
          guard('a session of node:http2', undefined, () => {
            if (name === 'ref') unreferenced.delete(this);
            else unreferenced.add(this);
            for (const sibling of all.get(this)?.alive() ?? []) original.call(sibling);
          });
          return original.call(this);
        },
    );
  }

  // One that was closed ends so by itself, when its streams have ended.
  wrapMethod<AnyFunction>(
    prototype,
    'destroy',
    original =>
      function destroy(this: Session, ...args: unknown[]) {
        guard('a session of node:http2', undefined, () => {
          for (const sibling of all.get(this)?.alive() ?? []) {
            if (this.closed) sibling.close();
            else original.apply(sibling, args);
          }
        });
        return original.apply(this, args);
      },
  );
}

/** Undefined: its calls stay. A connection of the application's own making is one to who knows where. */
function calledOf(session: Session): Called | undefined {
  const { authority, protocol, socket } = underSymbols(session) as {
    authority?: string;
    protocol?: string;
    socket?: object;
  };
  if (authority === undefined || protocol === undefined || !(socket instanceof Socket)) return undefined;
  const { hostname, port } = new URL(`${protocol}//${authority}`);
  if ((socket as { readonly _host?: unknown })._host !== hostname) return undefined;
  // Of a plain one nothing is kept.
  const { 'connect-options': made } = underSymbols(socket) as { 'connect-options'?: Called['options'] };
  const { host: _host, port: _port, ...options } = { host: '', port: 0, ...made };
  return {
    host: hostname,
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
    protocol,
    authority,
    options,
  };
}

function underSymbols(object: object): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const symbol of Object.getOwnPropertySymbols(object)) {
    values[symbol.description ?? ''] = (object as Record<symbol, unknown>)[symbol];
  }
  return values;
}
