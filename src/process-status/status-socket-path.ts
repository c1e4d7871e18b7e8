/** Where a process has its status socket: the same rule for those that open one and for those that look for it. */
import { join } from 'node:path';

const SOCKET = /^rocketmq-gray-(\d+)(?:-(\d+))?\.sock$/;

/** One of a process; `thread` 0: its main thread. */
export interface Owner {
  readonly pid: number;
  readonly thread: number;
}

/**
 * The sockets that a process may have, the first choice first: for a directory one of its own name in it; for any other
 * path that path itself, as long as nobody else has it (worker threads never do), else one with the process's id behind it.
 */
export function socketPaths(setting: string, isDirectory: boolean, { pid, thread }: Owner): readonly string[] {
  const id = thread === 0 ? `${pid}` : `${pid}-${thread}`;
  if (isDirectory) return [join(setting, `rocketmq-gray-${id}.sock`)];
  return thread === 0 ? [setting, `${setting}.${id}`] : [`${setting}.${id}`];
}

/** Whose socket a file in a directory is, by its name; undefined: it is none. */
export function ownerOf(file: string): Owner | undefined {
  const [, pid, thread] = SOCKET.exec(file) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), thread: Number(thread ?? 0) };
}

/** Whether a file is the socket of another thread of process `pid`, whose main thread has `socket` in the same directory. */
export function isThreadSocket(file: string, socket: string, pid: number): boolean {
  const owner = ownerOf(file);
  if (owner !== undefined) return owner.pid === pid && owner.thread !== 0;
  const own = socket.endsWith(`.${pid}`) ? socket : `${socket}.${pid}`;
  return file.startsWith(`${own}-`);
}

/** Whether a setting names a directory although there may be none: it ends with a slash. */
export function meansDirectory(setting: string): boolean {
  return setting.endsWith('/');
}
