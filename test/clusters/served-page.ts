/** The page of a fleet as it is served, and as a browser draws it where there is one. */
import type { Fleet } from '../../src/inspection/fleet/fleet-shape';
import { start } from '../integration/child';
import type { Sandbox } from '../integration/sandbox';
import { hasBrowser, launchBrowser, membersOf } from '../operations/browser';

export interface ServedPage {
  /** The next picture of the fleet that the page gets. */
  fleet(): Promise<Fleet>;
  /** Who is drawn in a group's card. Rejects without a browser. */
  members(group: string): Promise<string[]>;
  close(): Promise<void>;
}

/** @param env who asks, and whom */
export async function servedPage(sandbox: Sandbox, env: Readonly<Record<string, string>>): Promise<ServedPage> {
  const server = start({
    args: [sandbox.commandLine, 'page', '--interval', '0.5'],
    cwd: sandbox.directory,
    env: { ...env },
  });
  const [url = ''] = /http:\S+/.exec(await server.waitFor('http://')) ?? [];
  const browser = hasBrowser ? await launchBrowser() : undefined;
  const page = await browser?.newPage();
  await page?.goto(url);
  return {
    async fleet() {
      const stop = new AbortController();
      const response = await fetch(new URL('/events', url), { signal: stop.signal });
      const pictures: Fleet[] = [];
      let text = '';
      for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const events = (text + part).split('\n\n');
        text = events.pop() ?? '';
        pictures.push(...events.map(event => JSON.parse(event.replace(/^data: /, '')).fleet as Fleet));
        // The first may be from when somebody last watched.
        if (pictures.length > 1) break;
      }
      stop.abort();
      const last = pictures.at(-1);
      if (last === undefined) throw server.failure('served no picture');
      return last;
    },
    async members(group) {
      if (page === undefined) throw new Error('there is no browser');
      return membersOf(page, group);
    },
    async close() {
      await browser?.close();
      await server.stop();
    },
  };
}
