import type { Socket } from 'node:net';
import { errorText } from '../../foreign-objects/error-text';
import type { Credentials } from '../../names/credentials';
import { encodeFrame, frameDecoder, isResponse } from './frame';
import { OWN_CONNECTION } from './own-connection';
import { signedFields } from './signature';

/** A server's answer to a command. */
export interface RemotingResponse {
  /** 0: done. Else an error of RocketMQ's ResponseCode.java, in words in `remark`. */
  readonly code: number;
  readonly remark: string;
  /** The server's release: an ordinal of MQVersion.java. */
  readonly version: number;
  readonly extFields: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A connection to one name server, broker or proxy; opened by its first request and again by one after it was lost. */
export interface RemotingConnection {
  /** `host:port` */
  readonly address: string;
  /**
   * Sends a command and resolves with the answer, also one that reports an error.
   *
   * @param code the command, of RocketMQ's RequestCode.java
   * @param timeoutMs for the whole exchange, connecting included
   * @throws RemotingTimeoutError, RemotingConnectionError
   */
  request(
    code: number,
    extFields?: Readonly<Record<string, string>>,
    body?: Buffer,
    timeoutMs?: number,
  ): Promise<RemotingResponse>;
  /** Fails what is under way. A later request opens the connection again. */
  close(): void;
}

/** A command that got no answer. The message names the address and the command. */
export class RemotingError extends Error {
  override readonly name: string = 'RemotingError';

  constructor(
    readonly address: string,
    readonly command: number,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`RocketMQ at ${address}, command ${command}: ${problem}`, options);
  }
}

/** No answer in time; whether the server acted on the command is unknown. */
export class RemotingTimeoutError extends RemotingError {
  override readonly name = 'RemotingTimeoutError';
}

/** The server cannot be reached, or the connection broke before the answer; the server may have acted all the same. */
export class RemotingConnectionError extends RemotingError {
  override readonly name = 'RemotingConnectionError';
}

const DEFAULT_TIMEOUT_MS = 3_000;
/** Below the servers' own 120 s (NettySystemConfig), so that a request does not meet a connection just being closed. */
const DEFAULT_IDLE_MS = 30_000;
/** MQVersion.V3_0_0_SNAPSHOT. A newer version makes servers answer with formats that the client must know. */
const CLIENT_VERSION = 0;

interface Pending {
  resolve(response: RemotingResponse): void;
  lost(problem: string, cause?: unknown): void;
}

interface Link {
  send(frame: Buffer): void;
  readonly pending: Map<number, Pending>;
  /** When bytes last came in, on the clock of performance.now(). */
  heardAt(): number;
  end(problem: string, cause?: unknown): void;
}

export interface RemotingConnectionOptions {
  /** Closed after that many milliseconds without traffic. */
  readonly idleMs?: number;
  /** Each command is signed. */
  readonly credentials?: Credentials | undefined;
  /** Called each time it has been opened. */
  readonly onOpen?: () => void;
  /** Called each time it ended, or could not be opened, but for {@link RemotingConnection.close}. */
  readonly onLost?: () => void;
}

/**
 * A connection that keeps no process alive: not its socket, not its timers, not a request under way.
 *
 * @param address `host:port`
 */
export function remotingConnection(
  address: string,
  { idleMs = DEFAULT_IDLE_MS, credentials, onOpen, onLost }: RemotingConnectionOptions = {},
): RemotingConnection {
  let link: Link | undefined;
  let opaque = 0;
  let closing = false;

  function open(): Link {
    const opened = openLink(address, idleMs, {
      opened: () => onOpen?.(),
      ended() {
        if (link !== opened) return;
        link = undefined;
        if (!closing) onLost?.();
      },
    });
    return opened;
  }

  function current(command: number): Link {
    try {
      link ??= open();
      return link;
    } catch (cause) {
      throw new RemotingConnectionError(address, command, 'not an address', { cause });
    }
  }

  return {
    address,
    request(code, extFields = {}, body = Buffer.alloc(0), timeoutMs = DEFAULT_TIMEOUT_MS) {
      return new Promise((resolve, reject) => {
        const fields = credentials ? signedFields(extFields, body, credentials) : extFields;
        const { pending, send, heardAt, end } = current(code);
        opaque = (opaque + 1) & 0x7fffffff;
        const id = opaque;
        const sentAt = performance.now();
        const timer = setTimeout(() => {
          pending.delete(id);
          reject(new RemotingTimeoutError(address, code, `no answer within ${timeoutMs} ms`));
          // Silence since then: the other side is gone without a word, and the next request needs a new connection.
          if (heardAt() < sentAt) end('no sign of life');
        }, timeoutMs);
        timer.unref();
        pending.set(id, {
          resolve(response) {
            clearTimeout(timer);
            resolve(response);
          },
          lost(problem, cause) {
            clearTimeout(timer);
            reject(new RemotingConnectionError(address, code, problem, { cause }));
          },
        });
        send(encodeFrame({ code, flag: 0, opaque: id, version: CLIENT_VERSION, remark: '', extFields: fields, body }));
      });
    },
    close() {
      closing = true;
      link?.end('closed on this side');
      closing = false;
    },
  };
}

/** One socket's life, from connecting to its end. */
function openLink(address: string, idleMs: number, { opened, ended }: { opened(): void; ended(): void }): Link {
  // Loaded here: most processes never look at a group, and must not pay for it at start.
  const { connect } = require('node:net') as typeof import('node:net');
  const pending = new Map<number, Pending>();
  const decode = frameDecoder();
  const options = { ...hostAndPort(address), noDelay: true, [OWN_CONNECTION]: true };
  const socket: Socket = connect(options);
  let over = false;
  let heardAt = 0;

  function end(problem: string, cause?: unknown): void {
    if (over) return;
    over = true;
    ended();
    socket.destroy();
    for (const { lost } of pending.values()) lost(problem, cause);
    pending.clear();
  }

  socket.unref();
  socket.on('connect', opened);
  socket.setTimeout(idleMs, () => {
    // A request that outlasts the idle time ends by its own timeout.
    if (pending.size === 0) end('idle');
  });
  socket.on('error', error => end(error.message, error));
  socket.on('close', () => end('connection lost'));
  socket.on('data', chunk => {
    heardAt = performance.now();
    try {
      for (const frame of decode(chunk)) {
        // Servers also send requests, as "consumer ids changed"; none concerns an onlooker.
        if (!isResponse(frame)) continue;
        const { code, remark, version, extFields, body } = frame;
        pending.get(frame.opaque)?.resolve({ code, remark, version, extFields, body });
        pending.delete(frame.opaque);
      }
    } catch (error) {
      end(errorText(error), error);
    }
  });

  return { pending, end, heardAt: () => heardAt, send: frame => void socket.write(frame) };
}

function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}
