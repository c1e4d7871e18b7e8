/** docs/recipes.md, as the tests run it: its blocks of commands and files, to the letter. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../fixtures/applications/npm';

export interface Recipe {
  /** Files to write, by their path within the application. */
  readonly files: Readonly<Record<string, string>>;
  /** Shell commands, by what they are for: `build`, `baseline`, `canary`, `stop`. */
  readonly commands: Readonly<Record<string, string>>;
}

/** What stands in the recipes for the reader's own. */
const NAME_SERVERS = 'namesrv:9876';
const TITLE = '--title=orders';

/** The variables that the page says each recipe expects. */
export const EVERYWHERE = 'everywhere';

/** ```` ```js pm2 ecosystem.config.js ````: the language, the recipe, and the file or the purpose of the commands. */
const BLOCK = /^```(\w+)(?: (\S+) (\S+))?\n([\s\S]*?)^```$/gm;

export interface Block {
  readonly language: string;
  /** Undefined where nobody runs it. */
  readonly recipe: string | undefined;
  readonly name: string;
  readonly text: string;
}

/** All fenced blocks of a page. */
export function blocksOf(page: string): Block[] {
  return [...page.matchAll(BLOCK)].map(([, language = '', recipe, name = '', text = '']) => ({
    language,
    recipe,
    name,
    text,
  }));
}

/** @throws when the page has no such recipe */
export function recipe(name: string): Recipe {
  const blocks = blocksOf(page()).filter(block => block.recipe === name);
  if (blocks.length === 0) throw new Error(`docs/recipes.md has no recipe ${name}`);
  const named = (wanted: (block: Block) => boolean) =>
    Object.fromEntries(blocks.filter(wanted).map(block => [block.name, block.text]));
  return { commands: named(({ language }) => language === 'sh'), files: named(({ language }) => language !== 'sh') };
}

const PRELOAD = /--(require|import)[ =]\S*rocketmq-gray\/register ?/g;
/** Lines that load a plugin for a bundler, or use it. */
const PLUGIN = /^.*(rocketmqGray|RocketmqGrayPlugin).*\n/gm;

/** The same application without the agent. */
export function withoutAgent(text: string): string {
  return text.replaceAll(PRELOAD, '').replaceAll(PLUGIN, '');
}

/** Of the reader, or of a test. */
export interface OwnNames {
  readonly nameServers: string;
  readonly title: string;
}

/**
 * The one thing that is changed in a recipe: the address of name servers, and of titles what follows, since commands that
 * stop a service by its title mean everybody's on the machine.
 */
export function filledIn(text: string, own: OwnNames): string {
  return text.replaceAll(NAME_SERVERS, own.nameServers).replaceAll(TITLE, `${TITLE}-${own.title}`);
}

/** Each recipe has a topic and a consumer group of its name, the bare application beside it others. */
export const bareName = (recipe: string) => `${recipe}-bare`;

/** The names of all recipes that are run. */
export function recipeNames(): string[] {
  const names = blocksOf(page()).flatMap(block => block.recipe ?? []);
  return [...new Set(names)].filter(name => name !== EVERYWHERE);
}

function page(): string {
  return readFileSync(join(PROJECT_ROOT, 'docs', 'recipes.md'), 'utf8');
}
