/**
 * What Next.js keeps for later requests, in each line of versions: built and started as in production. It runs for minutes:
 * each build takes half a minute on an idle machine.
 */
import { cpSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRELOAD, type RunningChild, runOk, start } from '../integration/child';
import { createSandbox, type Sandbox } from '../integration/sandbox';

const NEXT = 'node_modules/next/dist/bin/next';
const REACT: Readonly<Record<number, string>> = { 13: '^18', 14: '^18', 15: '^19', 16: '^19' };

/** Answers `[<baggage> <how many times it was asked>]`. */
let upstream: Server;
let asked = 0;
beforeAll(async () => {
  upstream = createServer((request, response) => {
    asked++;
    response.end(`[${request.headers.baggage ?? 'untagged'} ${asked}]`);
  });
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void upstream?.close());

interface Kept {
  /** What the upstream was sent when this answer was made. */
  readonly baggage: string;
  /** Tells answers apart. */
  readonly number: number;
}
interface Application {
  /** Starts it, to be asked: what is in its answer. */
  serve(env?: Readonly<Record<string, string>>): Promise<(path: string, tag?: string) => Promise<Kept[]>>;
  remove(): Promise<void>;
}

async function build(app: string, major: number): Promise<Application> {
  const react = REACT[major] as string;
  const sandbox: Sandbox = await createSandbox({
    dependencies: { next: `^${major}`, react, 'react-dom': react },
  });
  cpSync(join(__dirname, 'apps', app), sandbox.directory, { recursive: true });
  const cwd = sandbox.directory;
  const common = {
    UPSTREAM: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`,
    NEXT_TELEMETRY_DISABLED: '1',
    HOME: cwd,
  };
  await runOk({ cwd, args: [NEXT, 'build'], env: common, timeout: 500_000 });
  const children: RunningChild[] = [];
  return {
    async serve(env = {}) {
      const child = start({ cwd, args: [...PRELOAD, NEXT, 'start', '-p', '0'], env: { ...common, ...env } });
      children.push(child);
      const origin = /http:\/\/localhost:\d+/.exec(await child.waitFor(/http:\/\/localhost:[1-9]/, 60_000))?.[0];
      await child.waitFor(/[Rr]eady|started server/, 60_000);
      return async (path, tag) => {
        const headers = tag === undefined ? {} : { baggage: `gray_tag=${tag}` };
        const response = await fetch(`${origin}/${path}`, { headers });
        const text = await response.text();
        if (response.status !== 200) throw child.failure(`answered ${response.status} to /${path}: ${text}`);
        // A page has it twice: for the eye, and for React.
        const answers = new Map<number, string>();
        for (const [, baggage, number] of text.matchAll(/\[([^\s[\]]+) (\d+)\]/g))
          answers.set(Number(number), `${baggage}`);
        return [...answers].map(([number, baggage]) => ({ number, baggage }));
      };
    },
    async remove() {
      await Promise.all(children.map(child => child.stop('SIGKILL')));
      sandbox.remove();
    },
  };
}

const TAGS = [
  ['gray', 'gray_tag=gray'],
  [undefined, 'untagged'],
  ['blue', 'gray_tag=blue'],
] as const;

/** Each environment gets an answer of its own, and again the same. */
async function expectKeptApart(ask: Awaited<ReturnType<Application['serve']>>, paths: readonly string[]) {
  const numbers = new Set<number | undefined>();
  for (const path of paths) {
    for (const [tag, baggage] of TAGS) {
      const first = await ask(path, tag);
      expect({ path, first }).toEqual({ path, first: [{ number: expect.any(Number), baggage }] });
      numbers.add(first[0]?.number);
      for (let i = 0; i < 3; i++) expect(await ask(path, tag)).toEqual(first);
    }
  }
  expect(numbers.size).toBe(TAGS.length * paths.length);
}

describe.each([13, 14, 15, 16])('what Next.js %i keeps', major => {
  let application: Application;
  beforeAll(async () => {
    application = await build('next-caches', major);
  }, 600_000);
  afterAll(() => application?.remove());

  it('of data is for requests of one environment, also where another process shares it', async () => {
    const paths = ['fetch', 'page', 'unstable-cache', 'api/unstable-cache'];
    await expectKeptApart(await application.serve(), paths);
    // A canary in the same directory, whose untagged calls are gray.
    const askCanary = await application.serve({ GRAY_TAG: 'gray' });
    for (const path of paths) {
      expect(await askCanary(path)).toMatchObject([{ baggage: 'gray_tag=gray' }]);
      expect(await askCanary(path, 'base')).toMatchObject([{ baggage: 'gray_tag=base' }]);
    }
  });

  it('as a whole (ISR) is made without the tag of the request that has it made', async () => {
    const ask = await application.serve();
    for (const path of ['isr', 'isr-page', 'isr-of-pages']) {
      const made = new Set<number | undefined>();
      const end = Date.now() + 60_000;
      // Only gray requests come: it is made anew for one of them each second.
      while (made.size < 4 && Date.now() < end) {
        const answers = await ask(path, 'gray');
        expect({ path, answers }).toMatchObject({ path, answers: [{ baggage: 'untagged' }] });
        made.add(answers[0]?.number);
        await new Promise(resolve => setTimeout(resolve, 200));
      }
      expect({ path, made: made.size }).toEqual({ path, made: 4 });
    }
  });
});

describe('what is kept by `use cache` of Next.js 16', () => {
  let application: Application;
  beforeAll(async () => {
    application = await build('next-use-cache', 16);
  }, 600_000);
  afterAll(() => application?.remove());

  it('is for requests of one environment, with a handler of the application too', async () => {
    await expectKeptApart(await application.serve(), ['use-cache', 'own-handler']);
  });

  it('is for everybody in the part of a page that is made with the build, and not in the rest of it', async () => {
    const ask = await application.serve();
    for (const [tag, baggage] of TAGS) {
      const [shell, rest] = await ask('page', tag);
      expect(shell).toMatchObject({ baggage: 'untagged' });
      expect(rest).toMatchObject({ baggage });
    }
  });
});
