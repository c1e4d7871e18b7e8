import { describe, expect, it } from 'vitest';
import { oncePerText } from '../../src/foreign-objects/once-per-object';

describe('what is worked out of texts that come again', () => {
  it('is worked out once for each, as long as it comes in each pass', () => {
    const computed: string[] = [];
    const begin = oncePerText(text => {
      computed.push(text);
      return { text };
    });
    const first = begin();
    const a = first('a');
    expect([first('a') === a, first('b')]).toEqual([true, { text: 'b' }]);
    const second = begin();
    expect(second('a')).toBe(a);
    begin()('a');
    expect(computed).toEqual(['a', 'b']);
    // It did not come in the two passes since.
    expect(begin()('b')).toEqual({ text: 'b' });
    expect(computed).toEqual(['a', 'b', 'b']);
  });

  it('keeps what is undefined as well', () => {
    let count = 0;
    const begin = oncePerText(() => void count++);
    for (let pass = 0; pass < 3; pass++) expect(begin()('a')).toBeUndefined();
    expect(count).toBe(1);
  });
});
