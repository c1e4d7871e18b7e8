import { AsyncLocalStorage } from 'node:async_hooks';
import { BASE } from '../names/tag';
import type { BaggageBridge } from './opentelemetry';

/**
 * What the asynchronous context holds while a request or message is handled. An object, so that two handlings of the
 * same tag are told apart by identity. `tag` undefined: an untagged one, handled inside what would otherwise be seen as
 * a tagged one.
 */
export interface Scope {
  readonly tag: string | undefined;
  /** Set on a scope that was entered in the middle of a flow, by taking a message. */
  readonly taken?: {
    /** What to go back to. */
    readonly outer: Scope | undefined;
    /** The iterator or array that handed the message out. */
    readonly taker: object;
    /** What the message was received from. */
    readonly source: object;
  };
}

export interface TagContextOptions {
  readonly instanceTag: string | undefined;
  readonly bridge: BaggageBridge;
}

/** The active tag of each asynchronous flow, and the tag that outgoing work carries. */
export interface TagContext {
  /** Tag of the request or message being handled (it may be `base`); undefined outside of one, or in an untagged one. */
  activeTag(): string | undefined;
  /** What outgoing calls carry: the active tag, else the instance tag, else undefined (nothing). May be `base`. */
  outgoingTag(): string | undefined;
  /** What outgoing messages carry: as {@link outgoingTag}, but `base` means a message without a tag. */
  outgoingMessageTag(): { readonly tag: string | undefined; readonly remove: boolean };
  /** Runs `fn` as the handling of something that carries `tag` (undefined: carries none). */
  run<T>(tag: string | undefined, fn: () => T): T;
  /** True when `run(tag, …)` would change nothing: the caller may go straight on. */
  isCurrent(tag: string | undefined): boolean;
  /** True once a flow of this process may have been tagged: before that no flow can leak into another. */
  wasUsed(): boolean;
  /** The application has OpenTelemetry: tags may come by its baggage, and others may write that into calls. */
  hasOpenTelemetry(): boolean;
  scope(): Scope | undefined;
  /** A scope to handle something in that carries `tag` (undefined: carries none). */
  newScope(tag: string | undefined): Scope;
  /** Runs `fn` within a scope taken earlier from {@link TagContext.scope} or {@link TagContext.newScope}. */
  runInScope<T>(scope: Scope | undefined, fn: () => T): T;
  /**
   * The `run` of the storage itself, which takes arguments: where each request passes there is no closure to be made, and no
   * line of ours in the stack. Only without OpenTelemetry, which is to see the tag, too.
   */
  readonly runStorage: AsyncLocalStorage<Scope | undefined>['run'];
  /** Changes the scope of the rest of the current flow. Needs {@link enableFlows} early enough. */
  enter(scope: Scope | undefined): void;
  /**
   * Node <= 22 tracks promises only once a context was really used, and `enter` in the continuation of a promise that
   * was made before writes into a place that flows share. Called when a consumer is made whose flows will `enter`.
   */
  enableFlows(): void;
}

const LEFT_AS_IT_IS = { tag: undefined, remove: false };
const WITHOUT_TAG = { tag: undefined, remove: true };

export function createTagContext({ instanceTag, bridge }: TagContextOptions): TagContext {
  const storage = new AsyncLocalStorage<Scope | undefined>();
  let used = false;

  const activeTag = () => {
    const scope = storage.getStore();
    // An untagged scope is one: what OpenTelemetry's context says around it is of the work around it.
    return scope === undefined ? bridge.tag() : scope.tag;
  };
  const outgoingTag = () => activeTag() ?? instanceTag;

  const context: TagContext = {
    activeTag,
    outgoingTag,
    outgoingMessageTag() {
      const tag = outgoingTag();
      // Nothing is made for a message that carries none.
      if (tag === undefined) return LEFT_AS_IT_IS;
      return tag === BASE ? WITHOUT_TAG : { tag, remove: false };
    },
    run: (tag, fn) => (context.isCurrent(tag) ? fn() : context.runInScope(context.newScope(tag), fn)),
    newScope(tag) {
      if (tag !== undefined) used = true;
      return { tag };
    },
    isCurrent(tag) {
      return storage.getStore()?.tag === tag && bridge.shows(tag);
    },
    wasUsed: () => used || !bridge.isIdle(),
    hasOpenTelemetry: () => !bridge.isIdle(),
    scope: () => storage.getStore(),
    runInScope(scope, fn) {
      // `storage.run` looks by itself whether that is the present one.
      if (bridge.isIdle()) return storage.run(scope, fn);
      return storage.getStore() === scope ? fn() : storage.run(scope, () => bridge.run(scope?.tag, fn));
    },
    runStorage: storage.run.bind(storage),
    enter(scope) {
      if (scope?.tag !== undefined) used = true;
      storage.enterWith(scope);
    },
    enableFlows() {
      storage.run({ tag: undefined }, () => {});
    },
  };
  return context;
}
