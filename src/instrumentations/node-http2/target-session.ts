/** Sessions of node:http2 to the targets of routes. */
import type { LookupAddress } from 'node:dns';
import type { ClientHttp2Session } from 'node:http2';
import { type Address, bracketed } from '../../routing/address';
import { PATIENCE_MS, type RoutedCall } from '../../routing/routes';

export type Session = ClientHttp2Session;

/** What a session of the application is made of. */
export interface Called extends Address {
  readonly protocol: string;
  /** The `:authority` of its streams that name none. */
  readonly authority: string;
  readonly options: { readonly settings?: object };
}
export type Found = RoutedCall | Promise<RoutedCall | undefined>;
type LookUp = (name: string, options: object, done: (error: Error | null, all: LookupAddress[]) => void) => void;

/**
 * A session to the target, or to the called address where that does not take it.
 *
 * @param giveUp called when it did not get to the target
 */
export function connect(called: Called, port: number, found: Found, giveUp: () => void): Session {
  const http2 = require('node:http2') as typeof import('node:http2');
  const { host, protocol, options } = called;
  const ofTarget = new Set<string | undefined>();
  let to: RoutedCall | undefined;

  const addresses = async (asked: object) => {
    to = await found;
    const target = to;
    const own = target === undefined ? [] : await lookUp(target.host, asked).catch(refused(target));
    for (const { address } of own) ofTarget.add(address);
    // One connection has one port.
    const others = port === called.port ? await lookUp(host, asked) : [];
    if (own.length + others.length === 0)
      throw Object.assign(new Error(`${host} has no target`), { code: 'ENOTFOUND' });
    return [...own, ...others];
  };
  const session = http2.connect(`${protocol}//${bracketed(host)}:${port}`, {
    ...options,
    // Of the first address that takes the connection.
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: PATIENCE_MS,
    lookup: ((_name, asked, done) => {
      addresses(asked).then(
        all => done(null, all),
        (error: Error) => done(error, []),
      );
    }) satisfies LookUp,
  } as object);
  let isConnected = false;
  session.once('connect', (_session, socket) => {
    isConnected = true;
    if (ofTarget.has(socket.remoteAddress)) return;
    if (ofTarget.size > 0) to?.refused('ECONNREFUSED');
    giveUp();
  });
  // Its streams say what went wrong; nobody else listens.
  session.on('error', (error: NodeJS.ErrnoException) => {
    if (!isConnected) to?.refused(error.code ?? error.message);
  });
  return session;
}

function refused(target: RoutedCall): (error: NodeJS.ErrnoException) => LookupAddress[] {
  return ({ code, message }) => {
    target.refused(code ?? message);
    return [];
  };
}

function lookUp(name: string, options: object): Promise<LookupAddress[]> {
  const { lookup } = require('node:dns') as typeof import('node:dns');
  return new Promise((resolve, reject) => {
    lookup(name, { ...options, all: true }, (error, all) => (error === null ? resolve(all) : reject(error)));
  });
}
