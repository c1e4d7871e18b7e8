// The tables of the README that come from the code: settings and supported libraries.
// `npm run docs:tables` writes them; a unit test holds the README against them.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * @param {readonly import('../src/config/settings').Setting[]} settings
 * @returns {string}
 */
export function settingsTable(settings) {
  const rows = settings.map(({ variables: [variable, ...aliases], name, meaning, defaultText }) => {
    const names =
      aliases.length > 0 ? `\`${variable}\` (${aliases.map(alias => `\`${alias}\``).join(', ')})` : `\`${variable}\``;
    return `| ${names} | \`${name}\` | ${meaning} | ${defaultText} |`;
  });
  return ['| variable (alias) | key in the file | meaning | default |', '|---|---|---|---|', ...rows].join('\n');
}

/**
 * The README with the text between two markers replaced.
 * @param {string} readme
 * @param {string} name
 * @param {string} text
 */
export function withTable(readme, name, text) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = readme.indexOf(start) + start.length;
  const to = readme.indexOf(end);
  if (from < start.length || to < from) throw new Error(`no place for the table ${name}`);
  return `${readme.slice(0, from)}\n${text}\n${readme.slice(to)}`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const readmeFile = new URL('../README.md', import.meta.url);
  const { SETTINGS } = createRequire(import.meta.url)('../dist/config/settings.js');
  writeFileSync(readmeFile, withTable(readFileSync(readmeFile, 'utf8'), 'settings', settingsTable(SETTINGS)));
}
