/** Watches the document with settings: a file by its directory, and by a look now and then; Nacos by asking. */
import { type FSWatcher, readFile, watch } from 'node:fs';
import * as path from 'node:path';
import type { LiveSettings } from './live-settings';
import { nacosClient } from './nacos';
import type { DocumentSource } from './source';

/** How often a file is looked at, whatever its directory tells, ms. */
const LOOK_MS = 5_000;
/** How long a directory has to be quiet before the file is read, ms: it may be half written. */
const QUIET_MS = 50;
/** How often Nacos is asked, ms, and how long for an answer. */
const ASK_MS = 10_000;
const ANSWER_MS = 5_000;

/** Keeps no process alive. @returns ends it */
export function watchSource(source: DocumentSource, live: Pick<LiveSettings, 'take' | 'unreachable'>): () => void {
  return source.kind === 'file' ? watchFile(source.name, live) : askAgain(nacosClient(source, ANSWER_MS), live);
}

/** The directory, and not the file: a mounted ConfigMap swaps a link beside it, editors put another file in its place. */
function watchFile(name: string, { take, unreachable }: Pick<LiveSettings, 'take' | 'unreachable'>): () => void {
  // The application may change its directory.
  const file = path.resolve(name);
  let isOver = false;
  let quiet: NodeJS.Timeout | undefined;
  const look = () =>
    readFile(file, 'utf8', (error, text) => {
      if (isOver) return;
      if (error === null) take(text);
      else if (error.code === 'ENOENT' || error.code === 'ENOTDIR') take(undefined);
      else unreachable(error.message);
    });
  const lookSoon = () => {
    clearTimeout(quiet);
    quiet = setTimeout(look, QUIET_MS).unref();
  };
  let watcher: FSWatcher | undefined;
  try {
    const base = path.basename(file);
    watcher = watch(path.dirname(file), { persistent: false }, (_event, name) => {
      // Of others in a directory that many write to; `..data` is the link of a ConfigMap.
      if (name === null || name === base || name.startsWith('..')) lookSoon();
    });
    // Such as a directory that is gone. The look goes on.
    watcher.on('error', () => watcher?.close());
  } catch {
    // The system has no more watches to give.
  }
  const timer = setInterval(look, LOOK_MS).unref();
  return () => {
    isOver = true;
    clearTimeout(quiet);
    clearInterval(timer);
    watcher?.close();
  };
}

function askAgain(
  ask: ReturnType<typeof nacosClient>,
  { take, unreachable }: Pick<LiveSettings, 'take' | 'unreachable'>,
): () => void {
  let isOver = false;
  let timer: NodeJS.Timeout;
  const again = async () => {
    try {
      const { text } = await ask();
      if (!isOver) take(text);
    } catch (error) {
      if (!isOver) unreachable(error instanceof Error ? error.message : String(error));
    }
    if (!isOver) timer = setTimeout(again, ASK_MS).unref();
  };
  timer = setTimeout(again, ASK_MS).unref();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
