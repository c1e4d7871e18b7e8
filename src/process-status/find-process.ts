/** Where to ask a process: its status sockets, from its id or from a path. */
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { environmentVariable } from '../config/load';
import { isThreadSocket, meansDirectory, ownerOf, socketPaths } from './status-socket-path';

export interface FoundSockets {
  /** Where a process may listen, the likeliest first; all of them exist. */
  readonly sockets: readonly string[];
  /** Set for a process id: who has to answer. */
  readonly pid: number | undefined;
  /** What to say if nobody answers. */
  readonly hint: string;
}

/**
 * @param target a process id, the path of a socket, or of a directory with some
 */
export function findSockets(target: string): FoundSockets {
  if (!/^\d+$/.test(target)) return atPath(target);
  const pid = Number(target);
  const settings = [ownSetting(), settingOf(pid)].filter(setting => setting !== undefined);
  const sockets = settings.flatMap(setting =>
    socketPaths(setting, meansDirectory(setting) || isDirectory(setting), { pid, thread: 0 }),
  );
  const hint =
    settings.length === 0
      ? `it is not known where process ${pid} has its status socket: start the process with GRAY_STATUS=<path>, and name that path in GRAY_STATUS here, too, or in the place of the process id`
      : `process ${pid} has no status socket at ${sockets.join(' or ')}: is it running, with the agent and GRAY_STATUS, by this user?`;
  return { sockets: [...new Set(sockets)].filter(path => existsSync(path)), pid, hint };
}

function atPath(target: string): FoundSockets {
  const path = resolve(target);
  if (!isDirectory(path)) {
    const hint = existsSync(path) ? `nobody answers at ${path}` : `there is no ${path}`;
    return { sockets: existsSync(path) ? [path] : [], pid: undefined, hint };
  }
  const sockets = readdirSync(path)
    .filter(file => ownerOf(file)?.thread === 0)
    .map(file => join(path, file));
  if (sockets.length <= 1) return { sockets, pid: undefined, hint: `nobody answers in ${path}` };
  return { sockets: [], pid: undefined, hint: `${path} has several: ${sockets.join(', ')}` };
}

/** The sockets of the other threads of the process that listens at `socket`. */
export function threadSockets(socket: string, pid: number): readonly string[] {
  const directory = dirname(socket);
  return readdirSync(directory)
    .filter(file => isThreadSocket(file, basename(socket), pid))
    .map(file => join(directory, file));
}

/** That of the process that asks. */
function ownSetting(): string | undefined {
  const setting = environmentVariable('GRAY_STATUS');
  return setting && resolveSetting(setting, '.');
}

/** What another process was started with, where the system tells (Linux, a process of the same user). */
function settingOf(pid: number): string | undefined {
  try {
    const environment = new Map(
      readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).trim()] as const),
    );
    const directory = readlinkSync(`/proc/${pid}/cwd`);
    const file = environment.get('GRAY_CONFIG');
    const setting = environment.get('GRAY_STATUS') || (file ? settingIn(resolve(directory, file)) : undefined);
    return setting && resolveSetting(setting, directory);
  } catch {
    return undefined;
  }
}

function settingIn(file: string): string | undefined {
  const { status } = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')) as { status?: unknown };
  return typeof status === 'string' ? status : undefined;
}

/** A slash at the end says that it is a directory. */
function resolveSetting(setting: string, directory: string): string {
  return resolve(directory, setting) + (meansDirectory(setting) ? '/' : '');
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
