import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { printedLines } from '../../scripts/printed-lines';

const LINES = join(__dirname, '..', '..', 'src', 'lines');

it('a line as it is printed has no meaning and no remedy', () => {
  const text =
    "const a = { meaning: 1, b: line('GRAY-1', 'info', { words: () => 'x', meaning: 'y', remedy: NOTHING }) };";
  expect(printedLines(text)).toBe("const a = { meaning: 1, b: line('GRAY-1', 'info', { words: () => 'x', }) };");
});

it.each(readdirSync(LINES))('%s is smaller by that, or has none', file => {
  const text = readFileSync(join(LINES, file), 'utf8');
  const printed = printedLines(text);
  const codes = (source: string) => source.match(/line\('GRAY-\d+'/g) ?? [];
  expect(codes(printed)).toEqual(codes(text));
  if (codes(text).length > 0) {
    expect(text).toContain('remedy');
    expect(printed).not.toMatch(/^ {4}(?:meaning|remedy):/m);
  }
});
