/**
 * Calls that a route sends elsewhere: each channel of the application gets another one for each target, like itself, which
 * closes with it. They are of the library's own class, so that a call on one is a call like any other.
 *
 * Hooks, 1.0 to 1.14: the constructor of `ChannelImplementation`, its `close()`. Used: `getConnectivityState(tryToConnect)`,
 * `watchConnectivityState(state, deadline, callback)`.
 */
import type { Agent } from '../../agent/agent';
import type { Exports } from '../../agent/instrumentation';
import { type AnyFunction, wrapClass, wrapMethod } from '../../foreign-objects/wrap';
import { PATIENCE_MS, type RoutedCall } from '../../routing/routes';
import { keepSiblings, type Siblings } from '../../routing/siblings';
import type { Call, CallArguments } from './calls';
import { type Recipe, recipeOf, siblingArguments } from './channel-recipe';
import { holdCall, type OtherCall } from './held-call';

interface Channel {
  createCall(...args: CallArguments): Call;
  close(): void;
  getConnectivityState(tryToConnect: boolean): number;
  watchConnectivityState(state: number, deadline: Date, callback: (error?: Error) => void): void;
}
/** A channel to a target. */
interface Sibling {
  readonly channel: Channel;
  /** How many calls have begun on it and not ended. */
  calls: number;
  /** Set once it is given up. */
  onUnused?: () => void;
}

type States = Readonly<Record<'IDLE' | 'CONNECTING' | 'TRANSIENT_FAILURE' | 'SHUTDOWN', number>>;
/** Of `Status`. */
const UNAVAILABLE = 14;
/** `ConnectivityState` since 1.2. Before, and until 1.3, `channel.js` exports it. */
const STATES: States = { IDLE: 0, CONNECTING: 1, TRANSIENT_FAILURE: 3, SHUTDOWN: 4 };

type RouteCall = (channel: object, call: Call, args: CallArguments) => void;

export function createChannelRoutes(exports: Exports, agent: Agent): RouteCall {
  const { context, routing, guard } = agent;
  const Kind = exports.ChannelImplementation;
  const states: States = exports.ConnectivityState ?? STATES;
  // Those of siblings are the library's own: what is on one of them was decided.
  const { createCall, close } = Kind.prototype as Channel;
  const recipes = rememberRecipes(exports, agent);
  const { siblingsOf, aliveOf } = siblingKeeper(Kind, close);

  wrapMethod<AnyFunction>(
    Kind.prototype,
    'close',
    original =>
      function closeWithSiblings(this: object) {
        const result = original.call(this);
        guard('closing a gRPC channel', undefined, () => {
          for (const { channel } of aliveOf(this)) close.call(channel);
        });
        return result;
      },
  );

  /** How a call is made by a sibling; undefined: the target takes none. */
  const otherCall = async (
    channel: object,
    recipe: Recipe,
    args: CallArguments,
    to: RoutedCall,
  ): Promise<OtherCall | undefined> => {
    const { host, port, takesHost } = to;
    const key = JSON.stringify({ host, port, takesHost });
    const kept = siblingsOf(channel, recipe);
    const sibling = kept.for(key);
    const state = await whenSettled(sibling.channel, states);
    if (state === states.SHUTDOWN) return undefined;
    if (state === states.TRANSIENT_FAILURE) {
      to.refused('TRANSIENT_FAILURE');
      // The library would try again when it sees fit, and the next call is to find out.
      kept.giveUp(key, sibling);
      return undefined;
    }
    return {
      make() {
        const [method, deadline, ownAuthority, ...rest] = args;
        const authority = ownAuthority ?? (takesHost ? undefined : recipe.authority);
        const call = createCall.call(sibling.channel, method, deadline, authority, ...rest);
        sibling.calls++;
        return call;
      },
      ended() {
        if (--sibling.calls === 0) sibling.onUnused?.();
      },
    };
  };

  return (channel, call, args) => {
    const tag = context.outgoingTag();
    if (tag === undefined || !routing.mayAim(tag)) return;
    const recipe = recipes.get(channel);
    if (recipe === undefined) return;
    const found = routing.route(recipe.called.host, recipe.called.port, tag);
    if (found === undefined) return;
    // Calls that wait for a connection end with their channel. One that is started later would wait for ever.
    const isClosed = () => {
      if ((channel as Channel).getConnectivityState(false) !== states.SHUTDOWN) return false;
      call.cancelWithStatus(UNAVAILABLE, 'Channel closed before call started');
      return true;
    };
    const elsewhere = async (): Promise<OtherCall | undefined> => {
      const to = await found;
      if (isClosed() || to === undefined) return undefined;
      const other = await otherCall(channel, recipe, args, to);
      return isClosed() ? undefined : other;
    };
    holdCall(call, elsewhere, error => guard.report('routing a gRPC call', error));
  };
}

/** What the channels of the application are made of, from now on. */
function rememberRecipes(exports: Exports, { guard }: Agent): WeakMap<object, Recipe> {
  const recipes = new WeakMap<object, Recipe>();
  exports.ChannelImplementation = wrapClass(exports.ChannelImplementation, (args, _newTarget, make) => {
    const channel = make(args) as object;
    guard('a gRPC channel', undefined, () => {
      const recipe = recipeOf(args as unknown[]);
      if (recipe !== undefined) recipes.set(channel, recipe);
    });
    return channel;
  });
  return recipes;
}

/** What the channels of the application have beside them. */
function siblingKeeper(Kind: new (...args: unknown[]) => Channel, close: Channel['close']) {
  const all = new WeakMap<object, Siblings<Sibling>>();
  return {
    aliveOf: (channel: object) => all.get(channel)?.alive() ?? [],
    siblingsOf(channel: object, recipe: Recipe): Siblings<Sibling> {
      let kept = all.get(channel);
      if (kept === undefined) {
        kept = keepSiblings<Sibling>({
          make: key => ({ channel: new Kind(...siblingArguments(recipe, JSON.parse(key))), calls: 0 }),
          mayEnd: ({ calls }) => calls === 0,
          // Those that wait for a connection would fail.
          end: sibling =>
            new Promise<void>(resolve => {
              const onUnused = () => resolve(close.call(sibling.channel));
              if (sibling.calls === 0) onUnused();
              else sibling.onUnused = onUnused;
            }),
        });
        all.set(channel, kept);
      }
      return kept;
    },
  };
}

/** The state of a channel, once it has a connection or cannot make one, or takes long. */
async function whenSettled(channel: Channel, { CONNECTING, IDLE }: States): Promise<number> {
  const until = new Date(Date.now() + PATIENCE_MS);
  let state = channel.getConnectivityState(true);
  while (state === CONNECTING || state === IDLE) {
    const before = state;
    const isLast = Date.now() >= until.getTime();
    // After the events that are due with the timer: a process that was busy has connections to take notice of.
    if (isLast) await new Promise<void>(resolve => setImmediate(resolve));
    else await new Promise<unknown>(resolve => channel.watchConnectivityState(before, until, resolve));
    state = channel.getConnectivityState(true);
    if (isLast) break;
  }
  return state;
}
