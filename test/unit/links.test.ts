/** What documents name is there: links lead to a file and a heading, scripts are in package.json, files in the checkout. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(__dirname, '../..');
const inRoot = readdirSync(root).filter(file => file.endsWith('.md'));
const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.md'))
  .map(file => join('docs', file));
const pages = [...inRoot, ...inDocs];

/** Not a link: what stands in a block or in code. */
const withoutCode = (text: string) => text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, 'code');

/** As GitHub makes an anchor of a heading: lower case, only letters, digits, `-` and `_`, blanks as `-`. */
function anchorOf(heading: string): string {
  const words = heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
    .trim()
    .toLowerCase();
  return words.replaceAll(/[^\p{Letter}\p{Number}\p{Mark} _-]/gu, '').replaceAll(' ', '-');
}

function anchorsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

/** What is wrong with the links of a page. */
function broken(page: string): string[] {
  const text = withoutCode(readFileSync(join(root, page), 'utf8'));
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? page : relative(root, join(root, dirname(page), path));
    if (!existsSync(join(root, file))) return [`${link}: no such file`];
    if (anchor === undefined || statSync(join(root, file)).isDirectory()) return [];
    return anchorsOf(file).includes(decodeURIComponent(anchor)) ? [] : [`${link}: no such heading`];
  });
}

describe('links', () => {
  it.each(pages)('of %s', page => {
    expect(broken(page)).toEqual([]);
  });

  it('lead from the README to every page', () => {
    const text = inRoot.map(page => readFileSync(join(root, page), 'utf8')).join('\n');
    const all = [text, ...inDocs.map(page => readFileSync(join(root, page), 'utf8'))].join('\n');
    const unlinked = inDocs.filter(page => !all.includes(`(${relative('docs', page)}`) && !all.includes(`(${page}`));
    expect(unlinked).toEqual([]);
  });
});

describe('what documents and workflows tell to run', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const workflows = readdirSync(join(root, '.github', 'workflows')).map(file => join('.github', 'workflows', file));
  const texts = [...pages, ...workflows].map(file => ({ file, text: readFileSync(join(root, file), 'utf8') }));

  it.each(texts)('$file names scripts and tests that are there', ({ text }) => {
    // Those that a workflow has in its matrix are quoted.
    const named = [...text.matchAll(/\bnpm run ([a-z][\w:-]*)|"(test:\w+)"/g)].map(
      ([, name, quoted]) => name ?? quoted ?? '',
    );
    expect(named.filter(name => !(name in scripts))).toEqual([]);
    const files = text.match(/\btest\/[a-z][\w-]*\/[\w./-]+\.ts\b/g) ?? [];
    expect(files.filter(file => !existsSync(join(root, file)))).toEqual([]);
  });
});

describe('every suite is run', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const projects = [
    ...readFileSync(join(root, 'vitest.config.mts'), 'utf8').matchAll(/^\s+(?:\{ test: \{ )?name: '(\w+)'/gm),
  ].map(([, project]) => project);
  /** What a script runs, also by way of another one. */
  const runs = (name: string, project: string | undefined): boolean => {
    const script = scripts[name] ?? '';
    return script.includes(`--project ${project}`) || (/\bnpm test\b/.test(script) && runs('test', project));
  };

  it.each(['check.yml and nightly.yml', '.ci/tests.mjs'])('by %s', where => {
    const files = where.startsWith('.ci')
      ? ['.ci/tests.mjs']
      : ['check.yml', 'nightly.yml'].map(file => `.github/workflows/${file}`);
    const text = files.map(file => readFileSync(join(root, file), 'utf8')).join('\n');
    // By its name: `npm run test:unit`, or an entry of a list in quotes.
    const named = Object.keys(scripts).filter(name => new RegExp(`(?:npm run |["'])${name}(?![\\w:-])`).test(text));
    expect(projects.length).toBeGreaterThan(5);
    expect(projects.filter(project => !named.some(name => runs(name, project)))).toEqual([]);
  });
});

describe('anchorOf', () => {
  it.each([
    ['What it says', 'what-it-says'],
    ["Yarn, Plug'n'Play", 'yarn-plugnplay'],
    ['`npm run chaos`', 'npm-run-chaos'],
    ['Node.js, RocketMQ', 'nodejs-rocketmq'],
    ['消费组 与 标签', '消费组-与-标签'],
  ])('%s', (heading, anchor) => {
    expect(anchorOf(heading)).toBe(anchor);
  });
});
