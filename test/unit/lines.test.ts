/** The catalogue of lines, and that nobody prints anything beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { CATALOGUE, template } from '../../src/lines/catalogue';
import type { Line } from '../../src/lines/line';

const SRC = join(__dirname, '..', '..', 'src');
/** A page in a browser, and commands that people run, print what they were asked for. */
const OTHERS = /^(page|command-line|inspection|process-status\/process-status)\b/;

const all = CATALOGUE.flatMap(({ title, lines }, subject) =>
  Object.entries(lines).map(([name, line]) => ({ title, subject: subject + 1, name, line })),
);

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map(path => path.replaceAll('\\', '/'))
  .filter(path => path.endsWith('.ts') && !OTHERS.test(path))
  .map(path => {
    const text = readFileSync(join(SRC, path), 'utf8');
    return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
  });

describe('a line of the catalogue', () => {
  it.each(all)('$line.code $name is complete', ({ subject, line }) => {
    expect(line.code).toMatch(new RegExp(`^GRAY-${subject}\\d\\d$`));
    expect(template(line)).not.toMatch(/undefined|NaN|\[object|\n/);
    for (const text of [line.meaning, line.remedy]) expect(text).toMatch(/^\S[^|\n]*$/);
    expect(line.meaning).toMatch(/\.$/);
    // What somebody has to do something about says what.
    if (line.level === 'error' || line.level === 'warn') expect(line.remedy).toMatch(/[.)]$/);
    expect(longSentences(`${line.meaning} ${line.remedy}`)).toEqual([]);
  });

  it('has a code that is, and was, no other’s: new ones are added to line-codes.txt, old ones stay in it as retired', () => {
    const listed = readFileSync(join(__dirname, 'line-codes.txt'), 'utf8').trim().split('\n');
    const codes = listed.map(entry => entry.split(' ')[0]);
    expect(new Set(codes).size).toBe(codes.length);
    const inUse = all.map(({ line, name }) => `${line.code} ${name}`);
    expect(listed.filter(entry => !entry.endsWith(' retired'))).toEqual(inUse.sort());
    expect(codes).toEqual([...codes].sort());
  });

  it('is printed somewhere', () => {
    const printed = files.filter(({ path }) => path !== 'lines/catalogue.ts').map(({ text }) => text);
    const preload = readFileSync(join(SRC, '..', 'register', 'not-started.js'), 'utf8');
    const isPrinted = ({ name, line }: { name: string; line: Line }) =>
      printed.some(text => new RegExp(`\\w+Lines\\.${name}\\b`).test(text)) || preload.includes(line.code);
    expect(all.filter(entry => !isPrinted(entry)).map(({ name }) => name)).toEqual([]);
  });
});

describe('the agent prints nothing but lines of its catalogue', () => {
  it.each([
    ['lines are made there', /\bline\('GRAY-/, /^lines\//],
    [
      'texts are put into a line by what prints it',
      /\bformatLine\b/,
      /^(log|log-output|start|agent\/isolation-failure)\.ts$/,
    ],
    ['lines are lengthened by what ends a process', /\bwithEnding\b/, /^(lines\/line|agent\/isolation-failure)\.ts$/],
    ['the mark of its lines', /['"`]\[rocketmq-gray\] /, /^(lines\/line|log-output)\.ts$/],
    ['outputs', /\bconsole\.|\bprocess\.std(err|out)\b|\bwriteSync\b/, /^(log-output|config\/nacos-question)\.ts$/],
  ])('%s', (_what, pattern, where) => {
    const elsewhere = files.filter(({ path, text }) => !where.test(path) && pattern.test(withoutComments(text)));
    expect(elsewhere.map(({ path }) => path)).toEqual([]);
  });

  it('by its logger too', () => {
    expect(
      files.flatMap(({ path, tree }) =>
        callsOf('say', tree)
          .filter(isForeign)
          .map(node => place(path, node)),
      ),
    ).toEqual([]);
    expect(files.flatMap(({ tree }) => callsOf('say', tree)).length).toBeGreaterThan(50);
  });

  it('which is seen where it does', () => {
    const calls = callsOf('say', ts.createSourceFile('x.ts', FOREIGN, ts.ScriptTarget.Latest, true));
    expect(calls.map(isForeign)).toEqual([true, true, true, true, false, false, false]);
  });
});

const FOREIGN = `
  log.say('text', {});
  log.say({ ...hookLines.failed, words }, {});
  log.say(line('GRAY-999', 'warn', rest), {});
  log.say(given, {});
  log.say(hookLines.failed, {});
  log.say(isDone ? messageLines.givenBack : messageLines.notGivenBack, {});
  log.say(withEnding(line, ending), {});
`;

function callsOf(method: string, tree: ts.SourceFile): ts.CallExpression[] {
  const found: ts.CallExpression[] = [];
  const visit = (node: ts.Node) => {
    const called = ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression);
    if (called && node.expression.name.text === method) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** Its line is none that can be seen to be of the catalogue. */
function isForeign({ arguments: [line] }: ts.CallExpression): boolean {
  return line === undefined || !isOfCatalogue(line);
}

function isOfCatalogue(node: ts.Expression): boolean {
  if (ts.isConditionalExpression(node)) return isOfCatalogue(node.whenTrue) && isOfCatalogue(node.whenFalse);
  if (ts.isElementAccessExpression(node)) return isOfCatalogue(node.expression);
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.every(property => ts.isPropertyAssignment(property) && isOfCatalogue(property.initializer));
  }
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return isOfCatalogue(node.expression);
  if (ts.isIdentifier(node)) {
    const value = constant(node);
    return value !== undefined && isOfCatalogue(value);
  }
  if (ts.isPropertyAccessExpression(node)) return /^\w+Lines$/.test(node.expression.getText());
  // Which are where, is checked above.
  return ts.isCallExpression(node) && node.expression.getText() === 'withEnding';
}

/** What a name of the same file stands for. */
function constant(name: ts.Identifier): ts.Expression | undefined {
  let found: ts.Expression | undefined;
  const visit = (at: ts.Node) => {
    const isIt = ts.isVariableDeclaration(at) && ts.isIdentifier(at.name) && at.name.text === name.text;
    if (isIt) found = at.initializer;
    ts.forEachChild(at, visit);
  };
  visit(name.getSourceFile());
  return found;
}

function place(path: string, node: ts.Node): string {
  const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart());
  return `${path}:${line + 1}: ${node.getText()}`;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
}

/** Of more than so many words that a reader has to begin anew. */
function longSentences(text: string): string[] {
  return text.split(/(?<=[.:;])\s/).filter(sentence => sentence.split(/\s+/).length > 24);
}
