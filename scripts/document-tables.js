// Tables of the documents that come from the code (the settings in the README, the metrics in docs/metrics.md, the lines in
// docs/operations.md):
// `npm run docs:tables` writes them, a unit test checks them.

const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { instrumentations, source } = require('./sources.js');

/**
 * @param {readonly import('../src/config/settings').Setting[]} settings
 * @returns {string}
 */
function settingsTable(settings) {
  const rows = settings.map(({ variables: [variable, ...aliases], name, meaning, defaultText, isLive }) => {
    const names = [`\`${variable}\``, ...(aliases.length > 0 ? [`(${aliases.map(code).join(', ')})`] : [])].join(' ');
    return `| ${names} | ${code(name)}${isLive ? ', live' : ''} | ${meaning} | ${defaultText} |`;
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
  const rows = clients.map(({ module, brokers, readme: { tested, note, works } }) => {
    const range = instrumentations.find(instrumentation => instrumentation.module === module)?.versions ?? '';
    const versions = [`${tested} (${code(range)})`, ...(note === undefined ? [] : [note]), `on ${brokers.join(', ')}`];
    return `| ${code(module)} | ${versions.join(', ')} | ${works} |`;
  });
  return ['| RocketMQ client | versions tested | what works |', '|---|---|---|', ...rows].join('\n');
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

module.exports = { attributesTable, clientsTable, linesTables, metricsTable, settingsTable, withTable };

if (require.main === module) {
  const { SETTINGS } = source('src/config/settings.ts');
  const { ATTRIBUTES, METRICS } = source('src/metrics/metrics.ts');
  const { CATALOGUE, template } = source('src/lines/catalogue.ts');
  const { CLIENTS } = source('fixtures/rocketmq-clients/clients.ts');
  write('README.md', 'settings', settingsTable(SETTINGS));
  write('README.md', 'rocketmq-clients', clientsTable(CLIENTS, instrumentations()));
  write(join('docs', 'metrics.md'), 'metrics', metricsTable(METRICS));
  write(join('docs', 'metrics.md'), 'attributes', attributesTable(ATTRIBUTES));
  write(join('docs', 'operations.md'), 'lines', linesTables(CATALOGUE, template));
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
