/** docs/recipes.md says nothing that no test of a framework runs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, recipe, recipeNames, withoutAgent } from '../frameworks/recipes';

const root = join(__dirname, '../..');
const page = readFileSync(join(root, 'docs', 'recipes.md'), 'utf8');
const directory = join(root, 'test', 'frameworks');
const tests = readdirSync(directory)
  .filter(file => file.endsWith('.test.ts'))
  .map(file => readFileSync(join(directory, file), 'utf8'))
  .join('\n');

describe('docs/recipes.md', () => {
  it('has no block that nobody runs', () => {
    expect(blocksOf(page).length).toBe(page.match(/^```\w/gm)?.length);
    expect(blocksOf(page).filter(block => block.recipe === undefined)).toEqual([]);
  });

  it.each(recipeNames())('%s is run by a test, in the baseline and in a canary', name => {
    expect(tests).toContain(`'${name}'`);
    const { baseline = '', canary = '' } = recipe(name).commands;
    const isCanary = / --env gray\b|\bGRAY_TAG=gray\b/;
    expect([isCanary.test(baseline), isCanary.test(canary)]).toEqual([false, true]);
    expect(canary.replace(/GRAY_TAG=gray | --env (?:gray|GRAY_TAG=gray)\b/, '')).toBe(baseline);
  });
});

describe('withoutAgent', () => {
  it.each([
    ['node --require rocketmq-gray/register app.js', 'node app.js'],
    ['NODE_OPTIONS="--require rocketmq-gray/register" node app.js', 'NODE_OPTIONS="" node app.js'],
    ['ENV NODE_OPTIONS="--require /app/node_modules/rocketmq-gray/register"', 'ENV NODE_OPTIONS=""'],
    ["node_args: '--require rocketmq-gray/register',", "node_args: '',"],
    ['  plugins: [rocketmqGray()],\n  minify: true,\n', '  minify: true,\n'],
    ['node --require ./.pnp.cjs --require rocketmq-gray/register app.js', 'node --require ./.pnp.cjs app.js'],
  ])('%s', (text, bare) => {
    expect(withoutAgent(text)).toBe(bare);
  });
});
