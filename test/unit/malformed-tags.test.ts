import { expect, it } from 'vitest';
import { malformedTags } from '../../src/propagation/malformed-tags';
import { recordedLog } from './recorded-log';

function saying(level: 'warn' | 'debug' = 'warn') {
  const lines: string[] = [];
  const counted: string[] = [];
  const log = recordedLog(lines, level);
  const drop = malformedTags(log, carrier => void counted.push(carrier));
  return { lines, counted, drop: (value: string, carrier = 'baggage') => drop(carrier, 'header', value) };
}

it('warns once for each value of a carrier, and counts all', () => {
  const { lines, counted, drop } = saying();
  for (const value of ['a_b', 'a_b', 'c d', 'a_b']) drop(value);
  drop('a_b', 'x-mse-tag');
  expect(lines).toEqual([
    expect.stringMatching(/^warn: a malformed tag in the baggage header was dropped: a_b; allowed: /),
    expect.stringMatching(/baggage.* c d;/),
    expect.stringMatching(/x-mse-tag.* a_b;/),
  ]);
  expect(counted).toEqual(['baggage', 'baggage', 'baggage', 'baggage', 'x-mse-tag']);
});

it('shows no control characters, and no more than a part', () => {
  const { lines, drop } = saying();
  drop('a\u0000\u001b[31m\u2028');
  drop('y'.repeat(10_000));
  drop('z'.repeat(64));
  expect(lines[0]).toContain('dropped: a??[31m?;');
  expect(lines[1]).toContain(`dropped: ${'y'.repeat(64)}…;`);
  expect(lines[2]).toContain(`dropped: ${'z'.repeat(64)};`);
});

it('warns about so many values, then no more', () => {
  const { lines, drop } = saying();
  for (let index = 0; index < 100; index++) drop(`v_${index}`);
  expect(lines).toHaveLength(20);
  expect(lines.filter(line => line.includes('further ones'))).toHaveLength(1);
  expect(lines.at(-1)).toContain('further ones are only said with GRAY_LOG_LEVEL=debug');
  const debugging = saying('debug');
  for (let index = 0; index < 100; index++) debugging.drop(`v_${index}`);
  expect(debugging.lines.filter(line => line.startsWith('debug: '))).toHaveLength(80);
});
