import type * as OpenTelemetry from '@opentelemetry/api';
import { isTag } from '../names/tag';

/**
 * Bridges the active tag with the baggage of the OpenTelemetry API, for applications that set up their own SDK. The
 * agent registers no global of its own: without a context manager of the application's there is nothing to bridge.
 */
export interface BaggageBridge {
  /** The tag that the application's active baggage carries, if it is a well-formed one. */
  tag(): string | undefined;
  /** True when the application's active baggage already says `tag`, or when there is no SDK to see it. */
  shows(tag: string | undefined): boolean;
  /** True: there is no SDK, and nothing to bridge. */
  isIdle(): boolean;
  /** Runs `fn` with `tag` as an entry of the active baggage (undefined: without one); other entries stay. Not while idle. */
  run<T>(tag: string | undefined, fn: () => T): T;
}

/** Where every 1.x version of @opentelemetry/api keeps its globals (api/src/internal/global-utils.ts). */
const GLOBALS = Symbol.for('opentelemetry.js.api.1');

interface Globals {
  readonly context?: unknown;
}

export interface BridgeOptions {
  /** Name of the baggage entry. */
  readonly key: string;
  /** False: the application's baggage may come from callers that are not trusted, so no tag is read from it. */
  readonly readTags: () => boolean;
  /** Where an error of the bridge goes; the application never sees it. */
  readonly onError: (error: unknown) => void;
}

export function createBaggageBridge({ key, readTags, onError }: BridgeOptions): BaggageBridge {
  const hasContextManager = () => (globalThis as Record<symbol, Globals | undefined>)[GLOBALS]?.context !== undefined;

  let loaded: typeof OpenTelemetry | undefined;
  // Loaded when an application registered a context manager: an application without OpenTelemetry does not pay for it.
  const api = (): typeof OpenTelemetry => {
    loaded ??= require('@opentelemetry/api') as typeof OpenTelemetry;
    return loaded;
  };

  const guarded = <T>(fallback: T, fn: () => T): T => {
    try {
      return fn();
    } catch (error) {
      onError(error);
      return fallback;
    }
  };
  const entry = (): string | undefined => {
    const { context, propagation } = api();
    return propagation.getBaggage(context.active())?.getEntry(key)?.value;
  };

  return {
    isIdle: () => !hasContextManager(),
    tag() {
      if (!readTags() || !hasContextManager()) return undefined;
      const value = guarded(undefined, entry);
      return isTag(value) ? value : undefined;
    },
    shows(tag) {
      return !hasContextManager() || guarded(true, () => entry() === tag);
    },
    run(tag, fn) {
      const next = guarded(undefined, () => {
        const { context, propagation } = api();
        const active = context.active();
        const baggage = propagation.getBaggage(active) ?? propagation.createBaggage();
        const changed = tag === undefined ? baggage.removeEntry(key) : baggage.setEntry(key, { value: tag });
        return propagation.setBaggage(active, changed);
      });
      return next === undefined ? fn() : api().context.with(next, fn);
    },
  };
}
