/**
 * The local socket by which people look into a process (`GRAY_STATUS`): who connects gets one JSON document and the end of
 * the connection. It keeps no process alive, and never stops one: what goes wrong is one warning.
 */
import { chmodSync, closeSync, lstatSync, openSync, readdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { isMainThread, threadId } from 'node:worker_threads';
import { telemetryLines } from '../lines/telemetry';
import type { Log } from '../log';
import { meansDirectory, ownerOf, socketPaths } from './status-socket-path';

/** Only the user that runs the process may connect. */
const MODE = 0o600;
/** Bytes that the path of a socket may have (`sun_path`): 107 on Linux, 103 on macOS; what is longer may be cut silently. */
const LONGEST_PATH = process.platform === 'darwin' ? 103 : 107;
/** Looks at a time, and how long one may take, in ms. */
const CONNECTIONS = 8;
const CONNECTION_MS = 5_000;
/** A socket of a dead process is removed when it is older than this, in ms: others may be about to listen. */
const STALE_MS = 60_000;

/** @param report the document; called for each look */
export function openStatusSocket(setting: string, report: () => unknown, log: Log): void {
  const give = (problem: string) => log.say(telemetryLines.noStatusSocket, { setting, problem });
  const path = resolve(setting);
  const isDirectory = meansDirectory(setting) || isDirectoryNow(path);
  const owner = { pid: process.pid, thread: isMainThread ? 0 : threadId };
  const candidates = [...socketPaths(path, isDirectory, owner)];

  const next = (): void => {
    const [candidate] = candidates.splice(0, 1);
    if (candidate === undefined) {
      give('another process has it');
      return;
    }
    if (Buffer.byteLength(candidate) > LONGEST_PATH) {
      give(`${candidate} is too long for a socket, ${LONGEST_PATH} bytes are allowed`);
      return;
    }
    if (!isDirectoryNow(dirname(candidate))) {
      // The system would speak of permissions.
      give(`there is no directory ${dirname(candidate)}`);
      return;
    }
    listen(candidate, report, {
      opened() {
        removeAtExit(candidate);
        if (isDirectory) sweep(path, candidate);
      },
      taken: next,
      failed: give,
    });
  };
  next();
}

interface Outcome {
  opened(): void;
  /** A living process listens there. */
  taken(): void;
  failed(problem: string): void;
}

function listen(path: string, report: () => unknown, outcome: Outcome, isSecond = false): void {
  const server = createServer({ allowHalfOpen: false }, socket => {
    socket.unref();
    socket.on('error', () => {});
    socket.setTimeout(CONNECTION_MS, () => socket.destroy());
    // Nothing is asked.
    socket.resume();
    socket.end(`${documentOf(report)}\n`);
  });
  server.maxConnections = CONNECTIONS;
  server.unref();
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') {
      outcome.failed(error.message);
      return;
    }
    if (isSecond) {
      // Nobody had it a moment ago: another process that starts now was quicker.
      outcome.taken();
      return;
    }
    void takeOver(path, isFree => {
      if (isFree) listen(path, report, outcome, true);
      else outcome.taken();
    }).catch((problem: Error) => outcome.failed(problem.message));
  });
  // A worker of a cluster listens itself, too: without `exclusive` its primary would, for all of them.
  server.listen({ path, exclusive: true });
  // The socket is there at once, or will not be (Node.js 18 to 26): nobody else gets in between.
  if (!server.listening) return;
  try {
    chmodSync(path, MODE);
  } catch (error) {
    server.close();
    outcome.failed((error as Error).message);
    return;
  }
  outcome.opened();
}

function documentOf(report: () => unknown): string {
  try {
    return JSON.stringify(report());
  } catch (error) {
    return JSON.stringify({ error: String(error) });
  }
}

/** Tells whether `path` is free, after the socket there has been removed if nobody listens there any more. */
async function takeOver(path: string, then: (isFree: boolean) => void): Promise<void> {
  const before = identityOf(path);
  if (before === undefined) throw new Error(`${path} is there, and is no socket`);
  if (await isAlive(path)) {
    then(false);
    return;
  }
  then(removeDead(path, before));
}

/**
 * Removes the socket `dead` from `path`, and tells whether nobody has the path now. Other processes that start do the same
 * at that moment, and one of them may listen there by now: one at a time looks again and removes.
 */
function removeDead(path: string, dead: string): boolean {
  const lock = `${path}.lock`;
  if (!takeLock(lock)) return false;
  try {
    if (identityOf(path) !== dead) return false;
    unlinkSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param lock a file that exists while its process is at work, for less than a millisecond */
function takeLock(lock: string): boolean {
  const before = lstatSync(lock, { throwIfNoEntry: false });
  // Its process was killed.
  if (before !== undefined && Date.now() - before.mtimeMs > STALE_MS) rmSync(lock, { force: true });
  try {
    closeSync(openSync(lock, 'wx', MODE));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Which socket it is, undefined if it is none. The number of its inode alone is soon given to another one. */
function identityOf(path: string): string | undefined {
  const file = lstatSync(path, { bigint: true });
  return file.isSocket() ? `${file.ino} ${file.mtimeNs}` : undefined;
}

/** Whether a process listens on the socket. One that cannot be asked is alive. */
function isAlive(path: string): Promise<boolean> {
  return new Promise(tell => {
    const socket = connect(path);
    socket.unref();
    socket.once('connect', () => {
      socket.destroy();
      tell(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => tell(error.code !== 'ECONNREFUSED'));
  });
}

/** A process that a signal ends leaves it behind; the next one that comes by removes it. */
function removeAtExit(path: string): void {
  const own = identityOf(path);
  process.once('exit', () => {
    try {
      if (identityOf(path) === own) unlinkSync(path);
    } catch {
      // It is gone, or somebody else's to remove.
    }
  });
}

/** Removes the sockets of dead processes from a directory. What cannot be removed stays. */
function sweep(directory: string, own: string): void {
  try {
    for (const file of readdirSync(directory)) {
      const path = join(directory, file);
      if (ownerOf(file) === undefined || path === own) continue;
      if (Date.now() - statSync(path).mtimeMs > STALE_MS) takeOver(path, () => {}).catch(() => {});
    }
  } catch {
    // The next one may.
  }
}

function isDirectoryNow(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
