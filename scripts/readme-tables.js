// The table of settings in the README comes from the code: `npm run docs:tables` writes it, a unit test checks it.

const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/**
 * @param {readonly import('../src/config/settings').Setting[]} settings
 * @returns {string}
 */
function settingsTable(settings) {
  const rows = settings.map(({ variables: [variable, ...aliases], name, meaning, defaultText }) => {
    const names = [`\`${variable}\``, ...(aliases.length > 0 ? [`(${aliases.map(code).join(', ')})`] : [])].join(' ');
    return `| ${names} | ${code(name)} | ${meaning} | ${defaultText} |`;
  });
  return ['| variable (alias) | key in the file | meaning | default |', '|---|---|---|---|', ...rows].join('\n');
}

/** @param {string} text */
function code(text) {
  return `\`${text}\``;
}

/**
 * The README with the text between two markers replaced.
 * @param {string} readme
 * @param {string} name
 * @param {string} text
 */
function withTable(readme, name, text) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = readme.indexOf(start) + start.length;
  const to = readme.indexOf(end);
  if (from < start.length || to < from) throw new Error(`no place for the table ${name}`);
  return `${readme.slice(0, from)}\n${text}\n${readme.slice(to)}`;
}

module.exports = { settingsTable, withTable };

if (require.main === module) {
  const readme = join(__dirname, '..', 'README.md');
  // The compiled code, by a path that the type checker does not follow: it may not be built yet.
  const { SETTINGS } = require(join(__dirname, '..', 'dist', 'config', 'settings.js'));
  writeFileSync(readme, withTable(readFileSync(readme, 'utf8'), 'settings', settingsTable(SETTINGS)));
}
