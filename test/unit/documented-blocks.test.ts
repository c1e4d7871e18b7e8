import { describe, expect, it } from 'vitest';
import { pattern, stepsOf } from '../operations/documented-blocks';

const fence = (info: string, text: string) => `\`\`\`${info}\n${text}\n\`\`\`\n`;

describe('stepsOf', () => {
  it('takes commands with the lines that follow them, and leaves other blocks out', () => {
    const page = `# Title\n${fence('sh run', 'one\ntwo')}and\n${fence('sh', 'three')}${fence('output', 'a\nb')}${fence('sh run', 'four')}`;
    expect(stepsOf(page)).toEqual([
      { commands: 'one\ntwo\n', output: ['a', 'b'] },
      { commands: 'four\n', output: [] },
    ]);
  });

  it('refuses output of nothing', () => {
    expect(() => stepsOf(fence('output', 'a'))).toThrow('a block of output without commands before it');
  });
});

describe('pattern', () => {
  it.each([
    ['group1, TEST_MQ: *', 'GRAY-301 group1, TEST_MQ: *', true],
    ['[rocketmq-gray] … GRAY-101 baseline', '[rocketmq-gray] 2026 4711 GRAY-101 baseline, version 0.1.0', true],
    ['a … b', 'a\nb', false],
    ['a.c', 'abc', false],
  ])('%s in %s: %s', (line, seen, matches) => {
    expect(pattern(line).test(seen)).toBe(matches);
  });
});
