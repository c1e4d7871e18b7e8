/**
 * A call that may be sent by another channel. The application has it at once and uses it as any call. What it asks for waits,
 * from its start on until it is known which channel sends it; then it goes to that one's call. Nothing was sent until then.
 */
import type { Metadata } from '../../propagation/grpc-metadata';
import type { Call, Listener } from './calls';

/** How the same call is made by another channel. */
export interface OtherCall {
  /** @throws where that was closed meanwhile */
  make(): Call;
  /** Told when it is over. */
  ended(): void;
}

/** What an application asks of a call besides starting, ending and naming its credentials; and whether it may wait. */
const ASKED: readonly (readonly [string, boolean])[] = [
  ['startRead', true],
  ['sendMessageWithContext', true],
  ['halfClose', true],
  ['getPeer', false],
  // Until 1.7, and since 1.13.
  ['getStatus', false],
  ['getAuthContext', false],
];
/** Of `Status`. */
const CANCELLED = 1;

/** A call of the library, which keeps who listens to it. */
interface Listened {
  listener?: Listener | null;
}
const NOBODY: Listener = { onReceiveMetadata() {}, onReceiveMessage() {}, onReceiveStatus() {} };

type Methods = Record<string, (...args: unknown[]) => unknown>;

/**
 * @param elsewhere asked once the call is started; undefined: it is sent as it is
 * @param onError told of what failed; the call is sent as it is then
 */
export function holdCall(
  call: Call,
  elsewhere: () => Promise<OtherCall | undefined>,
  onError: (error: unknown) => void,
): void {
  const { start, cancelWithStatus, setCredentials } = call;
  const own: Methods = {};
  /** Who sends it, and what is asked of it until that is known. */
  let sent: Methods | undefined;
  let waiting: ((by: Methods) => void)[] = [];
  let begun: { readonly metadata: Metadata; readonly listener: Listener } | undefined;
  let credentials: unknown;

  for (const [name, mayWait] of ASKED) {
    const original = (call as unknown as Methods)[name];
    if (original === undefined) continue;
    own[name] = (...args) => original.apply(call, args);
    (call as unknown as Methods)[name] = (...args) => {
      if (sent === undefined && mayWait) return void waiting.push(by => by[name]?.(...args));
      return (sent ?? own)[name]?.(...args);
    };
  }
  call.setCredentials = given => {
    credentials = given;
    setCredentials.call(call, given);
  };
  // By the application, and by the call itself: when its time is over, or its parent is cancelled.
  call.cancelWithStatus = (status, details) => {
    if (sent !== undefined && sent !== own) return void sent.cancelWithStatus?.(status, details);
    if (sent === own || begun === undefined) {
      sent = own;
      return cancelWithStatus.call(call, status, details);
    }
    sent = own;
    endUnheard(call as Listened, () => cancelWithStatus.call(call, status, details));
    const { metadata, listener } = begun;
    const Kind = metadata.constructor as new () => Metadata;
    process.nextTick(() => listener.onReceiveStatus({ code: status, details, metadata: new Kind() }));
  };

  const leave = ({ make, ended }: OtherCall, metadata: Metadata, listener: Listener) => {
    const other = make();
    sent = other as unknown as Methods;
    endUnheard(call as Listened, () => cancelWithStatus.call(call, CANCELLED, 'sent elsewhere by a route'));
    if (credentials !== undefined) other.setCredentials(credentials);
    other.start(metadata, {
      onReceiveMetadata: received => listener.onReceiveMetadata(received),
      onReceiveMessage: message => listener.onReceiveMessage(message),
      onReceiveStatus(status) {
        ended();
        listener.onReceiveStatus(status);
      },
    });
  };
  const decide = async (metadata: Metadata, listener: Listener) => {
    try {
      const other = await elsewhere();
      // It was cancelled meanwhile.
      if (sent !== undefined) return;
      if (other !== undefined) leave(other, metadata, listener);
    } catch (error) {
      onError(error);
    }
    if (sent === undefined) {
      sent = own;
      start.call(call, metadata, listener);
    }
    const asked = waiting;
    waiting = [];
    for (const ask of asked) ask(sent);
  };
  call.start = (metadata, listener) => {
    if (sent !== undefined) return start.call(call, metadata, listener);
    begun = { metadata, listener };
    void decide(metadata, listener);
  };
}

/** Ends a call that has begun nothing: its timers end. Who listens to it is told by others; 1.0.0 wants somebody. */
function endUnheard(call: Listened, end: () => void): void {
  call.listener ??= NOBODY;
  end();
}
