/** Routes: calls by name to services of a fleet without a registry. */
import type { Routes as WrittenRoutes } from '../config/routes';
import type { RoutingOutcome } from '../counting/counts';
import { callLines } from '../lines/calls';
import type { Log } from '../log';
import { BASE } from '../names/tag';
import { type Address, hostHeader, normalHost } from './address';
import { nameLookup } from './name-lookup';
import { type RouteTable, type RouteTarget, routeTable } from './route-table';

/** Where a call goes instead of the name that it was made to. */
export interface RoutedCall extends Address {
  /** The `Host` of the call is the target's. */
  readonly takesHost: boolean;
  /** The target took no connection: this call goes to the baseline, and others do for a while. */
  refused(problem: string): void;
}

export interface Routes {
  /** False: no call goes elsewhere, whatever its tag. */
  readonly isEmpty: boolean;
  replace(routes: WrittenRoutes): void;
  /**
   * Undefined: the call goes where it is sent. A promise: its name is looked up first. Never rejects.
   */
  find(host: string, port: number, tag: string | undefined): RoutedCall | undefined | Promise<RoutedCall | undefined>;
  /** Where a call would go, whether anybody is there or not. */
  target(host: string, port: number, tag: string): RouteTarget | undefined;
}

export interface RoutesMeans {
  readonly log: Log;
  count(tag: string, outcome: RoutingOutcome): void;
  lookUp?(name: string): Promise<void>;
  now?(): number;
}

/** How long the connection to a target is waited for, ms: who takes longer does not refuse, and the call's own limits hold. */
export const PATIENCE_MS = 1_000;
/** How long a target that takes no connection is left alone, ms. */
const LEFT_ALONE_MS = 5_000;
const MOST_REFUSING = 1_000;

export function createRoutes({ log, count, lookUp = systemLookUp, now = Date.now }: RoutesMeans): Routes {
  let table: RouteTable | undefined;
  /** Until when each target is left alone. */
  const refusing = new Map<string, number>();
  const names = nameLookup({
    lookUp,
    now,
    onFailure: (name, problem) => log.say(callLines.resolverFails, { name, problem }),
  });

  function refused(address: string, problem: string): void {
    if (refusing.size >= MOST_REFUSING) refusing.clear();
    refusing.set(address, now() + LEFT_ALONE_MS);
    log.say(callLines.targetRefuses, { target: address, problem });
  }

  function take({ host, port, takesHost }: RouteTarget, tag: string): RoutedCall {
    const address = hostHeader({ host, port });
    count(tag, 'own');
    return {
      host,
      port,
      takesHost,
      refused(problem) {
        refused(address, problem);
        count(tag, 'baseline');
      },
    };
  }

  const target = (host: string, port: number, tag: string) =>
    table?.find(normalHost(host).replace(/\.$/, ''), port, tag);

  return {
    target,
    get isEmpty() {
      return table === undefined;
    },
    replace(routes) {
      table = Object.keys(routes).length === 0 ? undefined : routeTable(routes);
      refusing.clear();
    },
    find(host, port, tag) {
      if (table === undefined || tag === undefined || tag === BASE) return undefined;
      const to = target(host, port, tag);
      if (to === undefined) return undefined;
      if (now() < (refusing.get(hostHeader(to)) ?? 0)) {
        count(tag, 'baseline');
        return undefined;
      }
      if (!to.isGuess) return take(to, tag);
      const settle = (isThere: boolean) => {
        if (isThere) return take(to, tag);
        count(tag, 'baseline');
        return undefined;
      };
      const isThere = names.resolves(to.host);
      return typeof isThere === 'boolean' ? settle(isThere) : isThere.then(settle);
    },
  };
}

/**
 * Sends a call once it is known where it goes: at once, or after a look for the name of its target.
 *
 * @param fail told what `send` throws later
 * @returns what `send` returns at once
 */
export function whenFound<T>(
  found: RoutedCall | Promise<RoutedCall | undefined>,
  send: (to: RoutedCall | undefined) => T,
  fail: (error: unknown) => void,
): T | undefined {
  if (!(found instanceof Promise)) return send(found);
  found.then(send).catch(fail);
  return undefined;
}

/** As sockets look names up, with the hosts file of the system. */
function systemLookUp(name: string): Promise<void> {
  const { lookup } = require('node:dns') as typeof import('node:dns');
  return new Promise((resolve, reject) => {
    lookup(name, error => (error === null ? resolve() : reject(error)));
  });
}
