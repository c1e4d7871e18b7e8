/** What docs/java.md shows is what the agent does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INTEROP_PRESETS } from '../../src/names/interop';
import { isNoneOf, isTagged } from '../../src/rocketmq/plan/filter-expression';
import { impliedTag } from '../../src/rocketmq/plan/implied-tag';

const page = readFileSync(join(__dirname, '../../docs/java.md'), 'utf8');
const KEY = 'gray_tag';

describe('the page of Java', () => {
  it('has a column for each preset', () => {
    const head = page.split('\n').find(line => line.includes('| this agent |'));
    for (const preset of INTEROP_PRESETS) expect(head).toContain(`| \`${preset}\` |`);
  });

  it('shows the condition on baggage', () => {
    const [, shown = ''] = /```\n(gray_tag = 'gray' OR \([^`]*)```/.exec(page) ?? [];
    expect(`(${shown.replace(/\s+/g, ' ').trim()})`).toBe(isTagged({ key: KEY, hasBaggage: true }, 'gray'));
  });

  it('has filters for plain Java consumers that are understood', () => {
    const filters = [...page.matchAll(/bySql\("([^"]*)"\)/g)].map(match => match[1] ?? '');
    const [baseline, canary] = filters;
    expect(filters).toHaveLength(2);
    expect(`(${baseline})`).toBe(isNoneOf({ key: KEY, hasBaggage: false }, ['gray']));
    expect(impliedTag({ type: 'SQL92', expression: canary ?? '' }, KEY)).toBe('gray');
  });
});
