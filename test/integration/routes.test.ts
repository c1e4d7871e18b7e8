/** Routes: calls by name in a fleet without a registry, by each client, with names from a hosts table of the application. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutTimes } from './agent-lines';
import { writeCertificate } from './certificate';
import { PRELOAD, runOk } from './child';
import { describeOnEachNode } from './each-node';
import { BASELINE, HOSTS as NAMED_HOSTS, ROUTES } from './named-services';
import { createSandbox, type Sandbox } from './sandbox';
import { placeUndici, UNDICI, undiciDependencies, undiciFor } from './undici-versions';

const HOSTS = { ...NAMED_HOSTS, 'svc-e.shop.svc': BASELINE, 'svc-e-gray.shop.svc': 'broken' };

let sandbox: Sandbox;
beforeAll(async () => {
  const majors = UNDICI.map(({ major }) => major);
  sandbox = await createSandbox({ dependencies: undiciDependencies(majors) });
  placeUndici(sandbox, majors);
  writeCertificate(sandbox, 'routes', 'DNS:svc-b.shop.svc,DNS:svc-c.shop.svc,DNS:svc-d.shop.svc,DNS:named.example');
});
afterAll(() => sandbox?.remove());

interface Question {
  readonly clients: readonly string[];
  readonly tags: readonly string[];
  readonly names: readonly string[];
  readonly repeat?: number;
}
interface Answers {
  readonly result: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  readonly asked: readonly string[];
}

async function calls(question: Question, env: Record<string, string> = {}, node?: { path: string }) {
  const { stdout, stderr } = await runOk({
    cwd: sandbox.directory,
    args: [...PRELOAD, 'routes/calls.cjs', JSON.stringify(question)],
    env: { HOSTS: JSON.stringify(HOSTS), GRAY_ROUTES: JSON.stringify(ROUTES), ...env },
    ...(node && { node }),
  });
  const answers = JSON.parse(stdout) as Answers;
  return { ...answers, lines: withoutTimes(stderr).split('\n').slice(1, -1) };
}

describeOnEachNode('a call by name goes to the target of its tag', node => {
  it('by http, https, fetch and undici; Host and server name stay', async () => {
    const undicis = undiciFor({ major: node.major }).flatMap(({ major }) =>
      ['undici', 'undici pool', 'undici https'].map(kind => `${kind} ${major}`),
    );
    const clients = ['http', 'agent', 'https', 'fetch', ...undicis];
    const names = ['svc-b.shop.svc', 'svc-c.shop.svc', 'svc-d.shop.svc', 'named.example'];
    const { result } = await calls({ clients, tags: ['none', 'gray', 'blue', 'base'], names }, {}, node);
    const expected = (client: string) => {
      const seen = (who: string, name: string, tag: string) => {
        const baggage = tag === 'none' ? 'none' : `gray_tag=${tag}`;
        return [who, name, baggage, ...(client.includes('https') ? [name] : []), 'body'].join(' ');
      };
      const hasCanary = (name: string, tag: string) => tag === 'gray' && /svc-b|named/.test(name);
      return Object.fromEntries(
        ['none', 'gray', 'blue', 'base'].flatMap(tag =>
          names.map(name => [`${tag} ${name}`, seen(hasCanary(name, tag) ? 'gray' : 'base', name, tag)]),
        ),
      );
    };
    expect(result).toEqual(Object.fromEntries(clients.map(client => [client, expected(client)])));
  });
});

describe('a name that is not there', () => {
  it('is looked up once, and calls of no tag look up nothing', async () => {
    const question = { clients: ['http', 'fetch'], names: ['svc-c.shop.svc'], repeat: 5 };
    const tagged = await calls({ ...question, tags: ['gray'] });
    expect(tagged.asked.filter(name => name === 'svc-c-gray.shop.svc')).toHaveLength(1);
    const untagged = await calls({ ...question, tags: ['none', 'base'] });
    expect(untagged.asked.filter(name => name !== 'svc-c.shop.svc')).toEqual([]);
  });

  it('is not what a resolver says that fails: the baseline is called, with one warning', async () => {
    const { result, lines } = await calls({ clients: ['http'], tags: ['gray'], names: ['svc-e.shop.svc'], repeat: 3 });
    expect(result.http).toEqual({ 'gray svc-e.shop.svc': Array(3).fill('base svc-e.shop.svc gray_tag=gray body') });
    expect(lines).toEqual([
      '[rocketmq-gray] warn: svc-e-gray.shop.svc cannot be looked up (EAI_AGAIN): the last answer holds, and without one the baseline is called',
    ]);
  });
});

describe('a target', () => {
  it.each(['http', 'agent', 'fetch', 'undici 6', 'undici pool 6'])(
    'that takes no connection is left alone for a while, and no call of %s fails',
    async client => {
      const { result, lines, asked } = await calls({
        clients: [client],
        tags: ['gray'],
        names: ['svc-d.shop.svc'],
        repeat: 4,
      });
      expect(result[client]).toEqual({
        'gray svc-d.shop.svc': Array(4).fill('base svc-d.shop.svc gray_tag=gray body'),
      });
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(
        /warn: svc-d-gray\.shop\.svc:\d+ takes no connection \(ECONNREFUSED\): the baseline is called/,
      );
      // Once whether it is there, once to connect.
      expect(asked.filter(name => name === 'svc-d-gray.shop.svc').length).toBeLessThanOrEqual(2);
    },
  );

  it('that is called by its own name is left alone, within its tag and without', async () => {
    const names = ['svc-b-gray.shop.svc', 'canary.example'];
    const { result, asked } = await calls({ clients: ['http', 'fetch'], tags: ['none', 'gray'], names });
    for (const answers of Object.values(result)) {
      expect(Object.values(answers).map(answer => String(answer).split(' ')[0])).toEqual(Array(4).fill('gray'));
    }
    expect(asked).not.toContain('svc-b-gray-gray.shop.svc');
  });

  it('gets its own name as Host where the route says so', async () => {
    const GRAY_ROUTES = JSON.stringify({ 'svc-b.shop.svc': { gray: 'svc-b-gray.shop.svc', host: 'target' } });
    const clients = ['http', 'agent', 'fetch', 'undici 6', 'undici pool 6'];
    const { result } = await calls({ clients, tags: ['gray'], names: ['svc-b.shop.svc'] }, { GRAY_ROUTES });
    const expected = { 'gray svc-b.shop.svc': 'gray svc-b-gray.shop.svc gray_tag=gray body' };
    expect(result).toEqual(Object.fromEntries(clients.map(client => [client, expected])));
  });
});

it('in a canary calls without a tag are of its own', async () => {
  const question = { clients: ['http', 'fetch'], tags: ['none'], names: ['svc-b.shop.svc', 'svc-c.shop.svc'] };
  const { result } = await calls(question, { GRAY_TAG: 'gray' });
  const expected = {
    'none svc-b.shop.svc': 'gray svc-b.shop.svc gray_tag=gray body',
    'none svc-c.shop.svc': 'base svc-c.shop.svc gray_tag=gray body',
  };
  expect(result).toEqual({ http: expected, fetch: expected });
});
