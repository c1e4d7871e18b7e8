// Tables of the documents that come from the code (the settings in the README, the metrics in docs/metrics.md):
// `npm run docs:tables` writes them, a unit test checks them.

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

/**
 * @param {readonly import('../src/metrics/metrics').Metric[]} metrics
 * @returns {string}
 */
function metricsTable(metrics) {
  const rows = metrics.map(
    ({ name, kind, unit, description, attributes }) =>
      `| ${code(name)} | ${kind}, ${code(unit)} | ${description} | ${attributes.map(code).join(', ')} |`,
  );
  return ['| metric | | what it says | attributes |', '|---|---|---|---|', ...rows].join('\n');
}

/**
 * @param {Readonly<Record<string, string>>} attributes
 * @returns {string}
 */
function attributesTable(attributes) {
  const rows = Object.entries(attributes).map(([name, meaning]) => `| ${code(name)} | ${meaning} |`);
  return ['| attribute | value |', '|---|---|', ...rows].join('\n');
}

/** @param {string} text */
function code(text) {
  return `\`${text}\``;
}

/**
 * A document with the text between two markers replaced.
 * @param {string} document
 * @param {string} name
 * @param {string} text
 */
function withTable(document, name, text) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = document.indexOf(start) + start.length;
  const to = document.indexOf(end);
  if (from < start.length || to < from) throw new Error(`no place for the table ${name}`);
  return `${document.slice(0, from)}\n${text}\n${document.slice(to)}`;
}

module.exports = { attributesTable, metricsTable, settingsTable, withTable };

if (require.main === module) {
  const { SETTINGS } = load('config/settings.ts');
  const { ATTRIBUTES, METRICS } = load('metrics/metrics.ts');
  write('README.md', 'settings', settingsTable(SETTINGS));
  write(join('docs', 'metrics.md'), 'metrics', metricsTable(METRICS));
  write(join('docs', 'metrics.md'), 'attributes', attributesTable(ATTRIBUTES));
}

/**
 * The exports of a source file.
 *
 * @param {string} file its path in src
 */
function load(file) {
  const { buildSync } = require('esbuild');
  const path = join(__dirname, '..', 'src', file);
  const { outputFiles } = buildSync({
    entryPoints: [path],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  /** @type {{ exports: any }} */
  const loaded = { exports: {} };
  new Function('module', 'exports', 'require', outputFiles[0]?.text ?? '')(loaded, loaded.exports, require);
  return loaded.exports;
}

/**
 * @param {string} file
 * @param {string} name
 * @param {string} table
 */
function write(file, name, table) {
  const path = join(__dirname, '..', file);
  writeFileSync(path, withTable(readFileSync(path, 'utf8'), name, table));
}
