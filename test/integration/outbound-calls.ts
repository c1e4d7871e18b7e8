/** What a client sends in every form that calls take, with the agent beside what it sends without. */
import { expect } from 'vitest';
import type { NodeVersion } from '../../fixtures/node-versions';
import { PRELOAD, runJson } from './child';
import type { Sandbox } from './sandbox';

/** By form, existing headers and tag: the requests that were sent. */
type Sent = Record<
  string,
  readonly { readonly bytes: string; readonly spelled?: string | undefined; readonly baggage: readonly string[] }[]
>;

const withoutBaggage = (bytes: string) => bytes.replace(/^baggage:.*\r\n/gim, '');

/** The header's name as it is written. */
const spelled = (bytes: string) => /^baggage(?=:)/im.exec(bytes)?.[0];

/** What the agent must make of the application's own baggage headers. */
function merged(tag: string, own: readonly string[]): string[] {
  const members = own
    .join(',')
    .split(',')
    .filter(member => !member.trim().startsWith('gray_tag='))
    .join(',');
  return [members === '' ? `gray_tag=${tag}` : `gray_tag=${tag},${members}`];
}

/**
 * Runs every form of a client with and without the agent, and holds one against the other: calls carry one merged baggage
 * header, untagged ones the very same bytes.
 *
 * @param client as `http/outbound.cjs` takes it
 * @param bareClient the one that is run without the agent, where it is another
 */
export async function expectOneMergedHeader(
  sandbox: Sandbox,
  client: string,
  { node, bareClient = client }: { readonly node?: NodeVersion; readonly bareClient?: string } = {},
): Promise<void> {
  const app = { ...(node && { node }), cwd: sandbox.directory, timeout: 60_000 };
  const script = 'http/outbound.cjs';
  const [bare, agent] = await Promise.all([
    runJson<Sent>({ ...app, args: [script, bareClient] }),
    runJson<Sent>({ ...app, args: [...PRELOAD, script, client] }),
  ]);
  const names = Object.keys(bare);
  expect(Object.keys(agent)).toEqual(names);
  expect(names.length).toBeGreaterThan(40);
  const expected: Sent = {};
  const got: Sent = {};
  for (const name of names) {
    const tag = name.split(' | ')[2] as string;
    const [without, withAgent] = [bare[name] ?? [], agent[name] ?? []];
    if (tag === 'untagged') {
      expected[name] = without;
      got[name] = withAgent;
    } else {
      expected[name] = without.map(({ bytes, baggage }) => ({
        bytes: withoutBaggage(bytes),
        spelled: spelled(bytes) ?? 'baggage',
        baggage: merged(tag, baggage),
      }));
      got[name] = withAgent.map(({ bytes, baggage }) => ({
        bytes: withoutBaggage(bytes),
        spelled: spelled(bytes),
        baggage,
      }));
    }
  }
  expect(got).toEqual(expected);
}
