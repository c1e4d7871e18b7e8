/** Serves the page of a fleet on 127.0.0.1: one document, and what is new of the fleet as server-sent events. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { FleetInspection } from '../inspection/fleet/fleet-inspection';
import { processStatusText } from '../process-status/process-status';
import { UsageError } from './servers';

export interface Page {
  readonly url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const PROCESS = /^\/process\/(\d{1,10})$/;
/** Built from src/page, beside the bundled command line. */
const DOCUMENT = 'page.html';

/**
 * @param options port: 0 for any that is free; intervalMs: between two looks at the fleet, while somebody watches
 * @throws UsageError for a port that cannot be used
 */
export async function servePage(
  inspection: Pick<FleetInspection, 'look'>,
  { port, intervalMs }: { port: number; intervalMs: number },
): Promise<Page> {
  const html = readFileSync(join(__dirname, DOCUMENT), 'utf8');
  const headers = securityHeaders(html);
  const watchers = new Set<ServerResponse>();
  let latest: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;

  /** Only while somebody watches are the brokers asked. */
  async function look(): Promise<void> {
    if (isLooking || watchers.size === 0) return;
    isLooking = true;
    try {
      latest = `data: ${JSON.stringify({ here: hostname(), fleet: await inspection.look() })}\n\n`;
      for (const watcher of watchers) watcher.write(latest);
    } finally {
      isLooking = false;
      clearTimeout(timer);
      timer = setTimeout(look, intervalMs);
    }
  }

  function watch(response: ServerResponse): void {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    if (latest !== undefined) response.write(latest);
    watchers.add(response);
    response.once('close', () => watchers.delete(response));
    void look();
  }

  /** What a process of this machine and user tells of itself. */
  async function tellProcess(url: string, response: ServerResponse): Promise<void> {
    const [, pid = ''] = PROCESS.exec(url) ?? [];
    const { text, isTold } = await processStatusText(pid);
    response.writeHead(isTold ? 200 : 404, { ...headers, 'content-type': 'text/plain; charset=utf-8' });
    response.end(text);
  }

  const server = createServer((request, response) => {
    const problem = problemOf(request, (server.address() as AddressInfo).port);
    if (problem !== undefined) {
      response.writeHead(problem.status, { ...headers, 'content-type': 'text/plain' });
      response.end(`${problem.text}\n`);
    } else if (request.url === '/events') {
      watch(response);
    } else if (request.url === '/') {
      response.writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
      response.end(html);
    } else if (PROCESS.test(request.url ?? '')) {
      void tellProcess(request.url ?? '', response);
    } else {
      response.writeHead(404, { ...headers, 'content-type': 'text/plain' });
      response.end('not found\n');
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(new UsageError(`port ${port} cannot be used: ${error.message}`)));
    server.listen(port, HOST, resolve);
  });
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/`,
    close() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.end();
      watchers.clear();
      server.closeAllConnections();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}

/**
 * A page of somebody else, whose host name was made to resolve to this machine (DNS rebinding), would ask with its own name
 * as Host: only this server's own are answered. There is nothing to be changed either: whatever is not read is refused.
 */
function problemOf({ method, headers }: IncomingMessage, port: number): { status: number; text: string } | undefined {
  const own = [HOST, 'localhost'].map(host => `${host}:${port}`);
  if (!own.includes(headers.host ?? '')) return { status: 403, text: `not for this host: ask http://${HOST}:${port}/` };
  return method === 'GET' || method === 'HEAD' ? undefined : { status: 405, text: 'nothing to be changed here' };
}

/** The document's own script and style, and nothing else; see CSP Level 3. */
function securityHeaders(html: string): Record<string, string> {
  const hashes = (element: string) =>
    [...html.matchAll(new RegExp(`<${element}>([\\s\\S]*?)</${element}>`, 'g'))]
      .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
      .join(' ');
  const policy = [
    "default-src 'none'",
    `script-src ${hashes('script')}`,
    `style-src ${hashes('style')}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}
