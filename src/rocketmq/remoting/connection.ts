import type { Socket } from 'node:net';
import type { TlsMode } from '../../config/settings';
import { errorText } from '../../foreign-objects/error-text';
import { hostAndPort } from '../../names/addresses';
import type { Credentials } from '../../names/credentials';
import { commandName } from './command-names';
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
   * @param timeoutMs for the whole exchange, connecting included; not for its wait while {@link MOST_UNDER_WAY} others are
   *   under way
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
    super(`RocketMQ at ${address}, ${commandName(command)}: ${problem}`, options);
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
/**
 * Of more requests at once the others wait until some are answered: hundreds of tags ask at the same time, and a server answers
 * the last of a thousand no sooner for having got it, but later than its time-out.
 */
const MOST_UNDER_WAY = 64;
/** Below the servers' own 120 s (NettySystemConfig), so that a request does not meet a connection just being closed. */
const DEFAULT_IDLE_MS = 30_000;
/** MQVersion.V3_0_0_SNAPSHOT. A newer version makes servers answer with formats that the client must know. */
const CLIENT_VERSION = 0;

interface Pending {
  resolve(response: RemotingResponse): void;
  lost(problem: string, cause?: unknown): void;
}

interface Waiting extends Pick<Pending, 'lost'> {
  send(): void;
}

interface Link {
  send(frame: Buffer): void;
  readonly pending: Map<number, Pending>;
  /** Requests that are not sent yet, in their order. */
  readonly waiting: Waiting[];
  /** When bytes last came in, on the clock of performance.now(). */
  heardAt(): number;
  end(problem: string, cause?: unknown): void;
}

export interface RemotingConnectionOptions {
  /** Closed after that many milliseconds without traffic. */
  readonly idleMs?: number;
  /** Each command is signed. */
  readonly credentials?: Credentials | undefined;
  /** Default: off. */
  readonly tls?: TlsMode | undefined;
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
  { idleMs = DEFAULT_IDLE_MS, credentials, tls = 'off', onOpen, onLost }: RemotingConnectionOptions = {},
): RemotingConnection {
  let link: Link | undefined;
  let opaque = 0;
  let closing = false;

  function open(): Link {
    const opened = openLink(
      address,
      { idleMs, tls },
      {
        opened: () => onOpen?.(),
        ended() {
          if (link !== opened) return;
          link = undefined;
          if (!closing) onLost?.();
        },
      },
    );
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
        const link = current(code);
        opaque = (opaque + 1) & 0x7fffffff;
        const id = opaque;
        const lost: Pending['lost'] = (problem, cause) =>
          reject(new RemotingConnectionError(address, code, problem, { cause }));

        const send = () => {
          const sentAt = performance.now();
          const late = () => {
            if (!link.pending.delete(id)) return;
            reject(new RemotingTimeoutError(address, code, `no answer within ${timeoutMs} ms`));
            // Silence since then: the other side is gone without a word, and the next request needs a new connection.
            if (link.heardAt() < sentAt) link.end('no sign of life');
            else sendNext(link);
          };
          // A process that had no time to read finds the answer now, after its timers: it is not the server that was late.
          const timer = setTimeout(() => void setImmediate(late).unref(), timeoutMs);
          timer.unref();
          link.pending.set(id, {
            resolve(response) {
              clearTimeout(timer);
              resolve(response);
            },
            lost(problem, cause) {
              clearTimeout(timer);
              lost(problem, cause);
            },
          });
          const header = { code, flag: 0, opaque: id, version: CLIENT_VERSION, remark: '' };
          link.send(encodeFrame({ ...header, extFields: fields, body }));
        };
        if (link.pending.size < MOST_UNDER_WAY) send();
        else link.waiting.push({ send, lost });
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
function openLink(
  address: string,
  { idleMs, tls }: { readonly idleMs: number; readonly tls: TlsMode },
  { opened, ended }: { opened(): void; ended(): void },
): Link {
  const pending = new Map<number, Pending>();
  const waiting: Waiting[] = [];
  const decode = frameDecoder();
  const socket = openSocket(address, tls);
  let over = false;
  let isUp = false;
  let heardAt = 0;

  function end(problem: string, cause?: unknown): void {
    if (over) return;
    over = true;
    ended();
    socket.destroy();
    for (const { lost } of [...pending.values(), ...waiting]) lost(problem, cause);
    pending.clear();
    waiting.length = 0;
  }

  socket.unref();
  socket.on(tls === 'off' ? 'connect' : 'secureConnect', () => {
    isUp = true;
    opened();
  });
  socket.setTimeout(idleMs, () => {
    // A request that outlasts the idle time ends by its own timeout.
    if (pending.size === 0) end('idle');
  });
  socket.on('error', error => end(problemOf(error, tls, isUp), error));
  // A server that wants TLS ends a plain connection at its first bytes.
  const isRefusedAsPlain = () => tls === 'off' && isUp && heardAt === 0 && pending.size > 0;
  socket.on('close', () => end(isRefusedAsPlain() ? LOST_BEFORE_ANY_ANSWER : 'connection lost'));
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
      sendNext(link);
    } catch (error) {
      end(errorText(error), error);
    }
  });

  const link: Link = { pending, waiting, end, heardAt: () => heardAt, send: frame => void socket.write(frame) };
  return link;
}

/** As many of those that wait as there is room for. */
function sendNext({ pending, waiting }: Link): void {
  while (pending.size < MOST_UNDER_WAY) {
    const next = waiting.shift();
    if (next === undefined) return;
    next.send();
  }
}

const LOST_BEFORE_ANY_ANSWER =
  'connection lost before any answer, as by a server that takes TLS only (GRAY_MQ_TLS=on, now off)';

function openSocket(address: string, tls: TlsMode): Socket {
  const { host, port } = hostAndPort(address);
  // A name may have several addresses: each in its turn, on Node.js 18 too.
  const options = { host, port, autoSelectFamily: true, noDelay: true, [OWN_CONNECTION]: true };
  // Loaded here: most processes never look at a group, and must not pay for it at start.
  const net = require('node:net') as typeof import('node:net');
  if (tls === 'off') return net.connect(options);
  const { connect } = require('node:tls') as typeof import('node:tls');
  // A name for the server to choose its certificate by; addresses are none (RFC 6066).
  const name = net.isIP(host) === 0 ? { servername: host } : {};
  return connect({ ...options, ...name, rejectUnauthorized: tls === 'on' });
}

/** What went wrong with a connection, and which setting may be wrong. */
function problemOf(error: Error, tls: TlsMode, isUp: boolean): string {
  const { code = '' } = error as { code?: string };
  if (tls === 'off' || isUp) return error.message;
  // Codes of X.509 (openssl verify) and of the names in a certificate.
  if (/^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code)) {
    return `its certificate does not verify: ${error.message} (GRAY_MQ_TLS=on; NODE_EXTRA_CA_CERTS names further authorities)`;
  }
  if (code.startsWith('ERR_SSL') || code === 'ECONNRESET')
    return `${error.message}: is it a TLS port? (GRAY_MQ_TLS=${tls})`;
  return error.message;
}
