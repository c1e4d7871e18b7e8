/** Where an http.Agent connects somewhere of its own, whatever address a call names. */
import { once } from 'node:events';
import { createServer, get, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../src/agent/agent';
import { createTagContext } from '../../src/context/active-tag';
import { nodeHttpClient } from '../../src/instrumentations/node-http-client';

const server = createServer((request, response) => response.end(request.headers.host));
let port: number;
const aimed: string[] = [];

beforeAll(async () => {
  const bridge = {
    tag: () => undefined,
    shows: () => true,
    isIdle: () => true,
    run: <T>(_: unknown, fn: () => T) => fn(),
  };
  const guard = Object.assign(<T>(_name: string, _fallback: T, fn: () => T) => fn(), {
    report: (_name: string, error: unknown) => {
      throw error;
    },
  });
  nodeHttpClient.patch({
    context: createTagContext({ instanceTag: undefined, bridge }),
    guard,
    headers: { changes: () => [] },
    routing: {
      hasCanaries: () => true,
      mayAim: () => true,
      route: () => undefined,
      // Every instance that is called has one of the right environment beside it: our server.
      aim(host: string) {
        aimed.push(host);
        return { host: '127.0.0.1', port };
      },
    },
  } as unknown as Agent);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());

async function hostSeen(agent: HttpAgent): Promise<string> {
  const [response] = (await once(get({ host: '10.0.0.7', port: 8080, agent }), 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += chunk;
  return body;
}

describe('a call to an instance of another environment', () => {
  it('goes to one of the right one', async () => {
    expect(await hostSeen(new HttpAgent())).toBe(`127.0.0.1:${port}`);
    expect(aimed).toEqual(['10.0.0.7']);
  });

  it('is left alone by an agent that connects elsewhere, its host as well', async () => {
    aimed.length = 0;
    expect(await hostSeen(new HttpAgent({ host: '127.0.0.1', port } as object))).toBe('10.0.0.7:8080');
    expect(aimed).toEqual([]);
  });
});
