/** Where a call goes: an address that is an instance of another environment gives way to one of the call's own. */
import type { Agent } from '../../agent/agent';
import { oncePerObject } from '../../foreign-objects/once-per-object';
import type { HeaderChange } from '../../propagation/http-headers';
import { type Address, hostHeader } from '../../routing/address';
import type { RoutedCall } from '../../routing/routes';
import { callOf, type Decision, type DispatchOptions } from './calls';
import { type Origin, originOf } from './origins';
import { type Dispatcher, type Recipe, recipeOf, type Sender, siblingOf } from './siblings';

/** Which calls a dispatcher sends where: one origin's, those of any that they name, or it is none of our business. */
type Serves = Recipe | 'any' | 'left alone';

/** Where a call goes; `via`: another dispatcher sends it. Undefined: as it is. An Error: it is not made. */
type Aim = (dispatcher: Dispatcher, options: DispatchOptions, tag: string | undefined) => Aimed | Error | undefined;

export interface Aimed extends Decision {
  readonly via?: Sender;
  /** Set when a route sends it elsewhere, should that be there; else it goes as it is. */
  readonly routed?: {
    readonly found: RoutedCall | Promise<RoutedCall | undefined>;
    readonly to: (found: RoutedCall) => Aimed | undefined;
  };
}

export function createAim({ routing }: Agent): Aim {
  const serves = oncePerObject(servesOf);

  return (dispatcher, options, tag) => {
    const call = callOf(options);
    if (!routing.mayAim(tag) || call?.isMocked) return undefined;
    const served = serves(dispatcher);
    if (served === 'left alone') return undefined;
    const from = originOf(served === 'any' ? options.origin : served.origin);
    if (from === undefined) return undefined;
    // undici passes a call on, from an agent to a pool to a client. Who aimed it does so again when it is tried again.
    const aimed = call?.aimed;
    if (aimed !== undefined && aimed.by !== dispatcher && aimed.origin === from.text) return undefined;

    const target = routing.hasCanaries() ? routing.aim(from.hostname, from.port, tag) : undefined;
    // Closed ones say so themselves.
    if (dispatcher.closed || dispatcher.destroyed) return undefined;
    if (target instanceof Error) return target;
    const sentTo = (address: Address, changeHost: (to: Origin) => HeaderChange): Aimed | undefined => {
      const to = originOf(`${from.protocol}//${hostHeader(address)}`);
      if (to === undefined) return undefined;
      const decision = { aimed: { by: dispatcher, origin: to.text }, changes: [changeHost(to)] };
      return served === 'any' ? decision : { ...decision, via: siblingOf(dispatcher, served, to.text) };
    };
    const asItIs = { aimed: { by: dispatcher, origin: from.text } };
    if (target !== undefined) return sentTo(target, to => hostChange(from, to)) ?? asItIs;
    const found = routing.route(from.hostname, from.port, tag);
    if (found === undefined) return asItIs;
    const to = (call: RoutedCall) => sentTo(call, to => (call.takesHost ? hostChange(from, to) : hostStays(from)));
    return { ...asItIs, routed: { found, to } };
  };
}

/** The `Host` of the name that was called, where the application sets none. */
function hostStays(from: Origin): HeaderChange {
  return { name: 'host', change: existing => existing ?? from.host };
}

/** The `Host` that an application sets of its own is another instance's, unless it names none. */
function hostChange(from: Origin, to: Origin): HeaderChange {
  const isFormer = (host: string) => originOf(`${from.protocol}//${host}`)?.text === from.text;
  return { name: 'host', change: existing => (existing !== undefined && isFormer(existing) ? to.host : existing) };
}

function servesOf(dispatcher: object): Serves {
  const recipe = recipeOf(dispatcher);
  const options = recipe?.options ?? property(dispatcher, 'options');
  // What a test mocks is to answer; a socket of this machine is no instance.
  if (property(dispatcher, 'mock agent') !== undefined || hasSocketPath(options)) return 'left alone';
  if (recipe !== undefined) return recipe;
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
  const symbol = Object.getOwnPropertySymbols(dispatcher).find(candidate => candidate.description === description);
  return symbol && (dispatcher as Record<symbol, unknown>)[symbol];
}
