// Tables of the documents that come from the code: settings, supported versions, metrics, lines.
// `npm run docs:tables` writes them, a unit test checks them.

const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { instrumentations, source } = require('./sources.js');

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

/**
 * @param {readonly import('../fixtures/rocketmq-clients/client').Client[]} clients
 * @param {readonly import('../src/loader/instrumentation').Instrumentation[]} instrumentations
 * @returns {string}
 */
function clientsTable(clients, instrumentations) {
  const rows = clients.map(({ module, brokers, table: { tested, note, works } }) => {
    const range = instrumentations.find(instrumentation => instrumentation.module === module)?.versions ?? '';
    const versions = [`${tested} (${code(range)})`, ...(note === undefined ? [] : [note]), `on ${brokers.join(', ')}`];
    return `| ${code(module)} | ${versions.join(', ')} | ${works} |`;
  });
  return ['| RocketMQ client | versions tested | what works |', '|---|---|---|', ...rows].join('\n');
}

/**
 * Names and ranges alone.
 * @param {readonly Pick<import('../src/loader/instrumentation').Instrumentation, 'module' | 'versions'>[]} instrumentations
 * @returns {string}
 */
function supportedTable(instrumentations) {
  const rows = instrumentations.map(({ module, versions }) => `| ${code(module)} | ${code(versions)} |`);
  return ['| library | versions |', '|---|---|', ...rows].join('\n');
}

/**
 * @param {typeof import('../src/lines/catalogue').CATALOGUE} catalogue
 * @param {typeof import('../src/lines/catalogue').template} template
 * @returns {string}
 */
function linesTables(catalogue, template) {
  return catalogue
    .map(({ title, lines }) => {
      const rows = Object.values(lines).map(
        line => `| ${line.code} | ${line.level} | ${code(cell(template(line)))} | ${line.meaning} | ${line.remedy} |`,
      );
      return `**${title}**\n\n${['| code | level | line | meaning | what to do |', '|---|---|---|---|---|', ...rows].join('\n')}`;
    })
    .join('\n\n');
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll('|', '\\|');
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

/**
 * Each table of the documents, by its file and name. In the sources, links to pages begin with `docs/`.
 * @returns {{ file: string, name: string, text: string }[]}
 */
function tables() {
  const { SETTINGS } = source('src/config/settings.ts');
  const { ATTRIBUTES, METRICS } = source('src/metrics/metrics.ts');
  const { CATALOGUE, template } = source('src/lines/catalogue.ts');
  const { CLIENTS } = source('fixtures/rocketmq-clients/clients.ts');
  const libraries = instrumentations();
  return [
    { file: 'README.md', name: 'supported', text: supportedTable(libraries) },
    { file: 'docs/settings.md', name: 'settings', text: settingsTable(SETTINGS) },
    { file: 'docs/supported-versions.md', name: 'rocketmq-clients', text: clientsTable(CLIENTS, libraries) },
    { file: 'docs/metrics.md', name: 'metrics', text: metricsTable(METRICS) },
    { file: 'docs/metrics.md', name: 'attributes', text: attributesTable(ATTRIBUTES) },
    { file: 'docs/operations.md', name: 'lines', text: linesTables(CATALOGUE, template) },
  ].map(({ text, ...table }) => ({
    ...table,
    text: table.file.startsWith('docs/') ? text.replaceAll('](docs/', '](') : text,
  }));
}

module.exports = { tables, withTable };

if (require.main === module) {
  for (const { file, name, text } of tables()) {
    const path = join(__dirname, '..', file);
    writeFileSync(path, withTable(readFileSync(path, 'utf8'), name, text));
  }
}
