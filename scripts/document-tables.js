// Tables of the documents that come from the code: settings, supported versions, metrics, lines; some in Chinese, too.
// `npm run docs:tables` writes them, a unit test checks them.

const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { instrumentations, source } = require('./sources.js');

/**
 * What a table says in one language.
 * @typedef {object} Language
 * @property {(english: string) => string} say a sentence of the sources
 * @property {string} settingsHead
 * @property {string} linesHead
 * @property {string} supportedHead
 */

/** @type {Language} */
const ENGLISH = {
  say: english => english,
  settingsHead: '| variable (alias) | key in the file | meaning | default |',
  linesHead: '| code | level | line | meaning | what to do |',
  supportedHead: '| library | versions |',
};

/** Sentences that have no translation stay English; a unit test names them. @type {Language} */
const CHINESE = {
  say: english => chineseSentences()[english] ?? english,
  settingsHead: '| 环境变量（别名） | 文件中的键 | 含义 | 默认值 |',
  linesHead: '| 代码 | 级别 | 日志行 | 含义 | 如何处理 |',
  supportedHead: '| 库 | 版本 |',
};

/** @returns {Record<string, string>} the Chinese of each sentence of the sources */
function chineseSentences() {
  return JSON.parse(readFileSync(join(__dirname, 'chinese-sentences.json'), 'utf8'));
}

/**
 * @param {readonly import('../src/config/settings').Setting[]} settings
 * @param {Language} language
 * @returns {string}
 */
function settingsTable(settings, { say, settingsHead }) {
  const rows = settings.map(({ variables: [variable, ...aliases], name, meaning, defaultText, isLive }) => {
    const names = [`\`${variable}\``, ...(aliases.length > 0 ? [`(${aliases.map(code).join(', ')})`] : [])].join(' ');
    return `| ${names} | ${code(name)}${isLive ? `, ${say('live')}` : ''} | ${say(meaning)} | ${say(defaultText)} |`;
  });
  return [settingsHead, '|---|---|---|---|', ...rows].join('\n');
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
 * @param {Language} language
 * @returns {string}
 */
function supportedTable(instrumentations, { supportedHead }) {
  const rows = instrumentations.map(({ module, versions }) => `| ${code(module)} | ${code(versions)} |`);
  return [supportedHead, '|---|---|', ...rows].join('\n');
}

/**
 * @param {typeof import('../src/lines/catalogue').CATALOGUE} catalogue
 * @param {typeof import('../src/lines/catalogue').template} template
 * @param {Language} language
 * @returns {string}
 */
function linesTables(catalogue, template, { say, linesHead }) {
  return catalogue
    .map(({ title, lines }) => {
      const rows = Object.values(lines).map(
        line =>
          `| ${line.code} | ${line.level} | ${code(cell(template(line)))} | ${say(line.meaning)} | ${say(line.remedy)} |`,
      );
      return `**${say(title)}**\n\n${[linesHead, '|---|---|---|---|---|', ...rows].join('\n')}`;
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
 * Every sentence that stands in a table of both languages.
 * @returns {string[]}
 */
function sentences() {
  const { SETTINGS } = source('src/config/settings.ts');
  const { CATALOGUE } = source('src/lines/catalogue.ts');
  /** @type {string[]} */
  const all = [];
  for (const { meaning, defaultText } of SETTINGS) all.push(meaning, defaultText);
  for (const { title, lines } of CATALOGUE) {
    all.push(title);
    for (const { meaning, remedy } of Object.values(lines)) all.push(meaning, remedy);
  }
  return [...new Set(all)];
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
  const { resultsTable } = source('fixtures/library-versions/results.ts');
  return [
    { file: 'README.md', name: 'supported', text: supportedTable(libraries, ENGLISH) },
    { file: 'README.zh-CN.md', name: 'supported', text: supportedTable(libraries, CHINESE) },
    { file: 'docs/settings.md', name: 'settings', text: settingsTable(SETTINGS, ENGLISH) },
    { file: 'docs/zh-CN/settings.md', name: 'settings', text: settingsTable(SETTINGS, CHINESE) },
    { file: 'docs/supported-versions.md', name: 'rocketmq-clients', text: clientsTable(CLIENTS, libraries) },
    { file: 'docs/supported-versions.md', name: 'newest', text: resultsTable(lastLook()) },
    { file: 'docs/metrics.md', name: 'metrics', text: metricsTable(METRICS) },
    { file: 'docs/metrics.md', name: 'attributes', text: attributesTable(ATTRIBUTES) },
    { file: 'docs/operations.md', name: 'lines', text: linesTables(CATALOGUE, template, ENGLISH) },
    { file: 'docs/zh-CN/operations.md', name: 'lines', text: linesTables(CATALOGUE, template, CHINESE) },
  ].map(({ text, ...table }) => ({
    ...table,
    text: table.file.startsWith('docs/') ? text.replaceAll('](docs/', '](') : text,
  }));
}

/** @returns {import('../fixtures/library-versions/results').Results} what `npm run versions -- --keep` saw */
function lastLook() {
  return JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'library-versions', 'results.json'), 'utf8'));
}

module.exports = { chineseSentences, sentences, tables, withTable };

if (require.main === module) {
  for (const { file, name, text } of tables()) {
    const path = join(__dirname, '..', file);
    writeFileSync(path, withTable(readFileSync(path, 'utf8'), name, text));
  }
}
