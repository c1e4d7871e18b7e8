/**
 * What this process says to RocketMQ without a hook of ours: by a client that is bundled into the application, that was
 * loaded before the agent, whose version is not known, or that nobody knows. Such a client takes the messages of every
 * environment, in the group of the baseline.
 *
 * Seen are connections of `net` (the first bytes tell the remoting protocol), and calls of node:http2 to RocketMQ's gRPC
 * service. A client in native code is not seen.
 */
import type { Socket } from 'node:net';
import type { Agent } from '../../agent/agent';
import type { CoreInstrumentation } from '../../agent/instrumentation';
import { hookLines } from '../../lines/hooks';
import { onMadeConnection } from '../../loader/made-connections';
import { OWN_CONNECTION } from '../../rocketmq/remoting/own-connection';

/** Paths of calls to the service of `apache/rocketmq/v2/service.proto`. */
const SERVICE = '/apache.rocketmq.v2.MessagingService/';

export const rocketmqTraffic: CoreInstrumentation = {
  module: 'RocketMQ connections',
  patch(agent) {
    const { clients, settings, guard } = agent;
    if (!settings.mqEnabled) return;
    const known = new Set([settings.mqNamesrv, settings.mqProxyRemoting].flatMap(list => list?.split(';') ?? []));
    onMadeConnection((socket, args) => {
      // The baseline takes its own messages in any case: it is enough to know that no client is hooked.
      if (settings.tag === undefined && clients.isHooked()) return;
      guard('looking at a connection', undefined, () => {
        const { address, isOwn } = targetOf(args);
        if (isOwn) return;
        if (known.has(address) && !clients.isHooked()) sayUnhooked(agent, address);
        watchFirstBytes(socket, agent, address);
      });
    });
  },
};

interface Options {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly [OWN_CONNECTION]?: true;
}

function targetOf(args: readonly unknown[]): { readonly address: string; readonly isOwn: boolean } {
  const [first] = args;
  const options = (Array.isArray(first) ? first[0] : first) as Options | undefined;
  const { host = 'localhost', port } = typeof options === 'object' && options !== null ? options : {};
  return { address: `${String(host)}:${String(port)}`, isOwn: options?.[OWN_CONNECTION] === true };
}

/** Once for the process: what its messages lack. */
export function sayUnhooked({ clients, log }: Agent, address: string): void {
  log.say(hookLines.unhookedClient, { address, reason: clients.whyNotHooked() });
}

/** Bytes of a frame's lengths; the header follows, as JSON. */
const LENGTHS = 8;
const OPENING_BRACE = 0x7b;

function startsAsRemoting(chunk: unknown): chunk is Buffer {
  return Buffer.isBuffer(chunk) && chunk.length > LENGTHS && chunk[4] === 0 && chunk[LENGTHS] === OPENING_BRACE;
}

/** Looks at what a socket writes first; goes on looking only where that is a command to RocketMQ. */
function watchFirstBytes(socket: Socket, agent: Agent, address: string): void {
  const original = socket.write as (...args: unknown[]) => boolean;
  const stop = () => {
    // Somebody else may have put theirs above ours meanwhile.
    if (socket.write === write) Reflect.deleteProperty(socket, 'write');
  };
  let look: ((chunk: Buffer) => void) | undefined;
  const write = function write(this: Socket, ...args: unknown[]) {
    const [chunk] = args;
    agent.guard('looking at what a connection writes', undefined, () => {
      if (look === undefined && !startsAsRemoting(chunk)) return stop();
      look ??= watcher(agent, address);
      if (Buffer.isBuffer(chunk)) look(chunk);
    });
    return original.apply(this, args);
  };
  // Somebody else's.
  if (original !== Object.getPrototypeOf(socket).write) return;
  Object.defineProperty(socket, 'write', { configurable: true, writable: true, enumerable: false, value: write });
}

function watcher(agent: Agent, address: string): (chunk: Buffer) => void {
  const { consumerGroups } = require('./remoting-commands') as typeof import('./remoting-commands');
  const groupsOf = consumerGroups();
  return chunk => {
    const groups = groupsOf(chunk);
    // Not a command after all.
    if (groups === undefined) return;
    if (!agent.clients.isHooked()) sayUnhooked(agent, address);
    for (const group of groups) refuseUnplanned(agent, group);
  };
}

/** True for a call to RocketMQ's gRPC service. */
export function isRocketmqCall(path: unknown): path is string {
  return typeof path === 'string' && path.startsWith(SERVICE);
}

/**
 * A call to RocketMQ's gRPC service is made.
 * @param body shows what is written as the body of the call, in pieces
 */
export function onRocketmqCall(
  agent: Agent,
  path: string,
  address: string,
  body: (look: (chunk: Buffer) => void) => void,
): void {
  const { clients, settings } = agent;
  if (!settings.mqEnabled || (settings.tag === undefined && clients.isHooked())) return;
  if (!clients.isHooked()) sayUnhooked(agent, address);
  const { groupOfRequest } = require('./grpc-requests') as typeof import('./grpc-requests');
  const groupOf = groupOfRequest(path.slice(SERVICE.length));
  if (groupOf === undefined) return;
  body(chunk => {
    const group = groupOf(chunk);
    if (group !== undefined) refuseUnplanned(agent, group);
  });
}

/** A consumer of `group` is about to consume. Where no consumer that the agent knows is in that group, it is not kept apart. */
function refuseUnplanned({ clients, settings, failIsolation }: Agent, group: string): void {
  if (clients.isPlanned(group) || (settings.tag === undefined && clients.isHooked())) return;
  const whose = settings.tag === undefined ? 'the messages of canaries too' : "the baseline's messages";
  failIsolation(hookLines.unhookedConsumer, { group, reason: clients.whyNotHooked(), whose });
}
