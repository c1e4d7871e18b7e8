/** The plan of the house (docs/how-it-works.md): who may import whom. Types count as well: they say who knows whom. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const SRC = join(__dirname, '..', '..', 'src');

/** From the roof down: each knows those below it, and no other. The root's own files by their names. */
const FLOORS = [
  'start.ts',
  'index.ts',
  'public-functions.ts',
  'bundler',
  'command-line',
  'page',
  'instrumentations',
  'process-status',
  'agent',
  'metrics',
  'cleaning',
  'inspection/doctor',
  'inspection/message',
  'inspection/fleet',
  'inspection/problems',
  'inspection/cluster',
  'rocketmq/consumer',
  'rocketmq/pull',
  'rocketmq/hand-over',
  'rocketmq/sharing',
  'rocketmq/presence',
  'rocketmq/administration',
  'rocketmq/plan',
  'rocketmq/remoting',
  'routing',
  'propagation',
  'loader',
  'counting',
  'context',
  'config',
  'log.ts',
  'log-output.ts',
  'lines',
  'foreign-objects',
  'names',
];

const MOST_LINES_OF_A_FILE = 300;
const MOST_LINES_OF_A_FUNCTION = 80;

interface SourceFile {
  /** Within src, with `/`. */
  readonly path: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly string[];
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts'))
  .map(path => readSource(path.replaceAll('\\', '/')));

describe('the house', () => {
  it('has a floor for each file', () => {
    expect(files.filter(({ path }) => floor(path) === -1).map(({ path }) => path)).toEqual([]);
    const empty = FLOORS.filter((_, index) => !files.some(({ path }) => floor(path) === index));
    expect(empty).toEqual([]);
  });

  it('has no import that runs upward', () => {
    const upward = files.flatMap(({ path, imports }) =>
      imports.filter(target => floor(target) < floor(path)).map(target => `${path} -> ${target}`),
    );
    expect(upward).toEqual([]);
  });

  it('has no circle of imports', () => {
    expect(circles()).toEqual([]);
  });

  it(`has no file of more than ${MOST_LINES_OF_A_FILE} lines`, () => {
    const lines = (tree: ts.SourceFile) => tree.getLineStarts().length - 1;
    expect(files.filter(({ tree }) => lines(tree) > MOST_LINES_OF_A_FILE).map(({ path }) => path)).toEqual([]);
  });

  it(`has no function of more than ${MOST_LINES_OF_A_FUNCTION} lines`, () => {
    expect(files.flatMap(({ path, tree }) => longFunctions(tree).map(name => `${path}: ${name}`))).toEqual([]);
  });
});

function floor(path: string): number {
  return FLOORS.findIndex(name => path === name || path.startsWith(`${name}/`));
}

function readSource(path: string): SourceFile {
  const tree = ts.createSourceFile(path, readFileSync(join(SRC, path), 'utf8'), ts.ScriptTarget.Latest, true);
  const imports = new Set<string>();
  const visit = (node: ts.Node) => {
    const name = importedName(node);
    if (name?.startsWith('.')) {
      const base = join(SRC, dirname(path), name);
      const target = [`${base}.ts`, join(base, 'index.ts')].find(existsSync);
      // The preload is no part of src.
      if (target !== undefined) imports.add(relative(SRC, target).replaceAll('\\', '/'));
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { path, tree, imports: [...imports] };
}

/** `import … from`, `export … from`, `import()`, `require()` and `typeof import()`. */
function importedName(node: ts.Node): string | undefined {
  const text = (name: ts.Node | undefined) => (name && ts.isStringLiteral(name) ? name.text : undefined);
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return text(node.moduleSpecifier);
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? text(node.argument.literal) : undefined;
  if (!ts.isCallExpression(node)) return undefined;
  const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isImport || node.expression.getText() === 'require' ? text(node.arguments[0]) : undefined;
}

/** Each as the path from a file back to itself. */
function circles(): string[] {
  const importsOf = new Map(files.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (path: string, way: readonly string[]) => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(' -> '));
    if (way.includes(path) || done.has(path)) return;
    for (const target of importsOf.get(path) ?? []) walk(target, [...way, path]);
    done.add(path);
  };
  for (const { path } of files) walk(path, []);
  return found;
}

function longFunctions(tree: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isFunctionLike(node)) {
      const line = (position: number) => tree.getLineAndCharacterOfPosition(position).line;
      const lines = line(node.end) - line(node.getStart()) + 1;
      if (lines > MOST_LINES_OF_A_FUNCTION) found.push(`${node.name?.getText() ?? 'a function'}, ${lines} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}
