/** Where a call goes: an address that is an instance of another environment gives way to one of the call's own. */
import type { Agent } from '../../agent';
import { oncePerObject } from '../../once-per-object';
import type { HeaderChange } from '../../propagation/http-headers';
import { hostHeader } from '../../routing/service-directory';
import { aimedCall, type Call, type DispatchOptions } from './calls';
import { type Origin, originOf } from './origins';
import { type Dispatcher, type Made, madeOf, type Sender, siblingOf } from './siblings';

/** What becomes of a call. */
export interface Outgoing {
  readonly options: DispatchOptions;
  /** Set when another dispatcher sends it. */
  readonly via?: Sender;
  /** Set when it is not sent. */
  readonly error?: Error;
}

/** Which calls a dispatcher sends where: one origin's, those of any that they name, or it is none of our business. */
type Serves = Made | 'any' | 'left alone';

export function createAim({
  routing,
}: Agent): (dispatcher: Dispatcher, options: DispatchOptions, call: Call) => Outgoing {
  const serves = oncePerObject(servesOf);

  return (dispatcher, options, call) => {
    if (!routing.hasCanaries() || call.isMocked) return { options };
    const served = serves(dispatcher);
    if (served === 'left alone') return { options };
    const from = originOf(served === 'any' ? options.origin : served.origin);
    if (from === undefined) return { options };
    // undici passes a call on, from an agent to a pool to a client. Who aimed it does so again when it is tried again.
    const { aimed } = call;
    if (aimed !== undefined && aimed.by !== dispatcher && aimed.origin === from.text) return { options };

    const target = routing.aim(from.hostname, from.port, call.tag);
    // Closed ones say so themselves.
    if (dispatcher.closed || dispatcher.destroyed) return { options };
    if (target instanceof Error) return { options, error: target };
    const to = target && originOf(`${from.protocol}//${hostHeader(target)}`);
    if (to === undefined) return { options: aimedCall(options, call, { by: dispatcher, origin: from.text }) };
    const changed = aimedCall(options, call, { by: dispatcher, origin: to.text }, [hostChange(from, to)]);
    return served === 'any' ? { options: changed } : { options: changed, via: siblingOf(dispatcher, served, to.text) };
  };
}

/** The `Host` that an application sets of its own is another instance's, unless it names none. */
function hostChange(from: Origin, to: Origin): HeaderChange {
  const isFormer = (host: string) => originOf(`${from.protocol}//${host}`)?.text === from.text;
  return { name: 'host', change: existing => (existing !== undefined && isFormer(existing) ? to.host : existing) };
}

function servesOf(dispatcher: object): Serves {
  const made = madeOf(dispatcher);
  const options = made?.options ?? property(dispatcher, 'options');
  // What a test mocks is to answer; a socket of this machine is no instance.
  if (property(dispatcher, 'mock agent') !== undefined || hasSocketPath(options)) return 'left alone';
  if (made !== undefined) return made;
  // A sibling; or a `BalancedPool`, whose pools are asked in turn.
  const isOther = property(dispatcher, 'url') !== undefined || Array.isArray(property(dispatcher, 'clients'));
  return isOther ? 'left alone' : 'any';
}

function hasSocketPath(options: unknown): boolean {
  const { socketPath, connect } = (options ?? {}) as {
    socketPath?: unknown;
    connect?: { socketPath?: unknown } | null;
  };
  return Boolean(socketPath ?? connect?.socketPath);
}

/** undici keeps the state of its dispatchers under symbols of its own, told apart by their descriptions. */
function property(dispatcher: object, description: string): unknown {
  const symbol = Object.getOwnPropertySymbols(dispatcher).find(one => one.description === description);
  return symbol && (dispatcher as Record<symbol, unknown>)[symbol];
}
