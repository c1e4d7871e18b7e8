/** Calls of @grpc/grpc-js, as its channels make them. */
import type { Agent } from '../../agent/agent';
import { changeMetadata, type Metadata } from '../../propagation/grpc-metadata';

/** `method`, `deadline`, `host` (the `:authority`, if it is another than the channel's), `parentCall`, `propagateFlags`. */
export type CallArguments = [unknown, unknown, unknown, unknown, unknown];

/** What `createCall` returns: `Http2CallStream` (1.0 to 1.7), `ResolvingCall` (since 1.8). */
export interface Call {
  start(metadata: Metadata, listener: Listener): void;
  sendMessageWithContext(context: WriteContext, message: unknown): void;
  startRead(): void;
  halfClose(): void;
  cancelWithStatus(status: number, details: string): void;
  setCredentials(credentials: unknown): void;
}
export interface Listener {
  onReceiveMetadata(metadata: unknown): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(status: unknown): void;
}
interface WriteContext {
  /** Called when the message was written. */
  readonly callback?: (...args: unknown[]) => void;
}

/** Gives a call the tag and the scope of the current flow. `call` is the library's own, made for this one call. */
export function follow(call: Call, agent: Agent): void {
  const { context, guard, headers } = agent;
  const changes = headers.changes(context.outgoingTag());
  const isScoped = context.wasUsed();
  if (changes.length === 0 && !isScoped) return;

  const { start, sendMessageWithContext } = call;
  const scope = context.scope();
  const withinScope = <A extends unknown[]>(fn: (...args: A) => void) => {
    return (...args: A) => context.runInScope(scope, () => fn(...args));
  };
  call.start = (metadata, listener) => {
    const changed = guard('writing the tag of a gRPC call', metadata, () => changeMetadata(metadata, changes));
    if (!isScoped) return start.call(call, changed, listener);
    return start.call(call, changed, {
      onReceiveMetadata: withinScope(received => listener.onReceiveMetadata(received)),
      onReceiveMessage: withinScope(message => listener.onReceiveMessage(message)),
      onReceiveStatus: withinScope(status => listener.onReceiveStatus(status)),
    });
  };
  if (!isScoped) return;
  call.sendMessageWithContext = (written, message) => {
    const { callback } = written;
    const next = callback === undefined ? written : { ...written, callback: withinScope(callback) };
    return sendMessageWithContext.call(call, next, message);
  };
}
