/** Pages in Chinese name the same settings, versions and commands as those in English, and have the same blocks. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chineseSentences, sentences } from '../../scripts/document-tables';

const root = join(__dirname, '../..');
const pages = readdirSync(join(root, 'docs', 'zh-CN')).filter(file => file.endsWith('.md'));
const pairs = [
  { english: 'README.md', chinese: 'README.zh-CN.md' },
  ...pages.map(file => ({ english: `docs/${file}`, chinese: `docs/zh-CN/${file}` })),
];
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const BLOCK = /^```[\s\S]*?^```$/gm;
/** Generated: another test compares them with the sources. */
const TABLE = /<!-- (\S+) -->[\s\S]*<!-- \/\1 -->/g;
/** Drawn anew in each language. */
const isDrawing = (block: string) => block.startsWith('```mermaid');

const prose = (text: string) => text.replaceAll(TABLE, '').replaceAll(BLOCK, '');
const sorted = (found: Iterable<string>) => [...new Set(found)].sort();

const blocks = (text: string) => (text.match(BLOCK) ?? []).filter(block => !isDrawing(block));
const settings = (text: string) => sorted(prose(text).match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []);
const codes = (text: string) => sorted(prose(text).match(/\bGRAY-\d+\b/g) ?? []);
const versions = (text: string) => sorted(prose(text).match(/(?<![\d.])\d+(?:\.\d+)+(?![\d.])/g) ?? []);
const COMMAND = /^(?:npm|npx|node|curl|mqadmin|rocketmq-gray|grep|nc|ps|git|--)/;
const commands = (text: string) =>
  sorted([...prose(text).matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => (COMMAND.test(code) ? [code] : [])));
const headings = (text: string) => (prose(text).match(/^#+ /gm) ?? []).join('');
const tableRows = (text: string) => (prose(text).match(/^ *\|/gm) ?? []).length;

describe.each(pairs)('$chinese', ({ english, chinese }) => {
  const [original, translation] = [read(english), read(chinese)];

  it.each(Object.entries({ blocks, settings, codes, versions, commands, headings }))('has the same %s', (_what, of) => {
    expect(of(translation)).toEqual(of(original));
  });

  // The fields of `status --json` are told in English alone.
  it.skipIf(english === 'docs/operations.md')('has tables of the same length', () => {
    expect(tableRows(translation)).toBe(tableRows(original));
  });
});

it('the sentences of generated tables are in scripts/chinese-sentences.json, and no others', () => {
  const translated = chineseSentences();
  // A value, such as `auto`, is the same in every language.
  const missing = sentences().filter(sentence => !(sentence in translated) && /\s/.test(sentence));
  expect({ missing, stale: Object.keys(translated).filter(key => !sentences().includes(key)) }).toEqual({
    missing: [],
    stale: [],
  });
});

it('what is most asked for is there in Chinese', () => {
  const needed = ['getting-started', 'concepts', 'operations', 'recipes', 'limits', 'settings'];
  expect(needed.filter(name => !existsSync(join(root, 'docs', 'zh-CN', `${name}.md`)))).toEqual([]);
});
