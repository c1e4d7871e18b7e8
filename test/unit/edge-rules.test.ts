/** The rules of a process: what is asked, counted and said of each request. */
import { expect, it } from 'vitest';
import { createCounts } from '../../src/counting/counts';
import { createEdgeRules } from '../../src/propagation/edge-rules';
import { recordedLog } from './recorded-log';

function edgeRules(level: 'info' | 'debug' = 'info') {
  const lines: string[] = [];
  const log = recordedLog(lines, level);
  const counts = createCounts({ instanceTag: undefined, knownTags: [], isWanted: () => false });
  const edge = createEdgeRules({ log, count: counts.ruled, knowTag: counts.knowTag });
  return { edge, lines, counts };
}

it('without rules nobody is asked', () => {
  const { edge } = edgeRules();
  expect(edge.tagFor).toBe(undefined);
  edge.replace([{ tag: 'gray' }]);
  expect(edge.tagFor).toBeTypeOf('function');
  edge.replace([]);
  expect(edge.tagFor).toBe(undefined);
});

it('those that were replaced are asked no more', () => {
  const { edge } = edgeRules();
  edge.replace([{ tag: 'gray' }]);
  edge.replace([{ tag: 'blue' }]);
  expect(edge.tagFor?.({ method: 'GET', url: '/' }, [])).toBe('blue');
});

it('each request is counted by tag and rule', () => {
  const { edge, counts } = edgeRules();
  edge.replace([
    { tag: 'gray', match: { path: { exact: '/a' } } },
    { tag: 'gray', match: { path: { exact: '/b' } } },
  ]);
  for (const url of ['/a', '/b', '/b', '/c']) edge.tagFor?.({ method: 'GET', url }, []);
  expect(counts.read().ruled).toEqual([
    { environment: 'gray', rule: '1', count: 1 },
    { environment: 'gray', rule: '2', count: 2 },
    { environment: 'base', rule: 'none', count: 1 },
  ]);
});

it('method and path come from the request, or over HTTP/2 from its pseudo-headers', () => {
  const { edge } = edgeRules();
  edge.replace([{ tag: 'gray', match: { path: { exact: '/a' }, method: { exact: 'PUT' } } }]);
  expect(edge.tagFor?.({ method: 'PUT', url: '/a?b' }, ['x', 'y'])).toBe('gray');
  const pseudo = [':method', 'PUT', ':authority', 'a', ':path', '/a', 'x', 'y'];
  expect(edge.tagFor?.({}, pseudo)).toBe('gray');
  // Behind them comes the application's.
  expect(edge.tagFor?.({}, [':path', '/a', 'x', 'y', ':method', 'PUT'])).toBe(undefined);
});

it('a line a request is for debugging only, without what is secret or hostile', () => {
  const quiet = edgeRules();
  const { edge, lines } = edgeRules('debug');
  for (const { replace } of [quiet.edge, edge]) replace([{ tag: 'gray', match: { path: { prefix: '/a' } } }]);
  for (const { tagFor } of [quiet.edge, edge]) {
    tagFor?.({ method: 'GET', url: '/a?secret' }, []);
    tagFor?.({ method: 'GET', url: `/\u001b[2J${'x'.repeat(100)}` }, []);
  }
  expect(quiet.lines).toEqual([]);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toBe('debug: GET /a has no tag, rule 1 gives it gray');
  expect(lines[1]).toMatch(/^debug: GET \/\?\[2Jx+… has no tag and matches no rule/);
});
