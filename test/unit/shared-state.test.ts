import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statesIn, statesOfShared } from '../../scripts/shared-state';

const states = (text: string) => statesIn('module.ts', text).map(state => state.text);

describe('a module has a state', () => {
  it.each([
    'let count = 0;',
    'var count = 0;',
    'const seen = new WeakSet<object>();',
    'const names: Set<string> = new Set();',
    'const table = { a: 1 };',
    'const list = [1, 2];',
    'const list: string[] = [];',
    'const list: readonly Map<string, number>[] = [new Map()];',
    'const tables: ReadonlyMap<string, object> = new Map([["a", {}], ["b", new Map()]]);',
    'const mark = privateMark<string>();',
    "const KEY = Symbol('key');",
    'const EACH = /a/g;',
    'const NEXT = /a/y;',
    'const counted = { a: new Map() } as const;',
    'const cached = oncePerObject(object => object);',
    'const assigned = (other.thing = 1);',
    'class Known {}',
    'export class Known {}',
    'enum Kind { A }',
    'export default new Map();',
    'globalThis.count = 0;',
    'start();',
  ])('%s', text => {
    expect(states(text)).toHaveLength(1);
  });
});

describe('a module has none', () => {
  it.each([
    "import { a } from './a';",
    'import type { A } from "./a"; interface B {} type C = A; declare const d: C; export { a } from "./a";',
    'export function count() { let all = 0; return ++all; }',
    'const COUNT = 3;',
    "const NAME = 'a' + 'b';",
    'const LATE = -(60 * 1000);',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a source
    'const TEXT = `${A} of ${B.c}`;',
    'const isOne = (value: number) => value === 1;',
    'const KEY = Symbol.for("rocketmq-gray.key");',
    'const GRAMMAR = /^a$/i;',
    'const KINDS = ["a", "b"] as const;',
    'const TABLE = { a: { b: [1] } } as const;',
    'const NAMES: readonly string[] = ["a"];',
    'const NAMES: ReadonlySet<string> = new Set(["a"]);',
    'const BY_NAME: Readonly<Record<string, number>> = { a: 1 };',
    'const BY_NAME: ReadonlyMap<string, number> = new Map([["a", 1]]);',
    'const ANY = undefined;',
    'export default NAME;',
    '/** Answers. */\n// In each bundle: it can always be worked out again.\nconst cached = oncePerObject(object => object);',
    '/** In each bundle: nobody asks for its class. */\nexport class Known {}',
  ])('%s', text => {
    expect(states(text)).toEqual([]);
  });

  it('by a comment that gives no reason: it has', () => {
    expect(states('// In each bundle:\nlet count = 0;')).toEqual(['count = 0']);
  });
});

it('only modules of two bundles are looked at, by file and line', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rocketmq-gray-state-'));
  try {
    const [shared, single, library] = ['shared.ts', 'single.ts', 'library.js'].map(name => join(directory, name));
    for (const file of [shared, single, library]) writeFileSync(`${file}`, '\nlet count = 0;\n');
    const bundles = [
      { bundle: 'a', files: [`${shared}`, `${single}`, `${library}`] },
      { bundle: 'b', files: [`${library}`, `${shared}`] },
      { bundle: 'c', files: [] },
    ];
    expect(statesOfShared(bundles)).toEqual([{ file: shared, line: 2, text: 'count = 0', bundles: ['a', 'b'] }]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
