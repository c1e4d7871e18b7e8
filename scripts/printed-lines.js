// The catalogue of lines as processes need it: what is for the documentation only (`meaning`, `remedy`, `shown`) is left out
// of bundles, where it would be read with each start.
const ts = require('typescript');

const FOR_DOCUMENTS = new Set(['meaning', 'remedy', 'shown']);

/**
 * The text of a file of the catalogue without those properties of `line(code, level, { … })`.
 * @param {string} text
 * @returns {string}
 */
function printedLines(text) {
  const tree = ts.createSourceFile('lines.ts', text, ts.ScriptTarget.Latest, true);
  /** @type {[number, number][]} */
  const cuts = [];
  /** @param {import('typescript').Node} node */
  const visit = node => {
    const rest = ts.isCallExpression(node) && node.expression.getText() === 'line' ? node.arguments[2] : undefined;
    if (rest !== undefined && ts.isObjectLiteralExpression(rest)) {
      for (const property of rest.properties) {
        if (!FOR_DOCUMENTS.has(property.name?.getText() ?? '')) continue;
        const comma = text.slice(property.end).match(/^\s*,/)?.[0].length ?? 0;
        cuts.push([property.getFullStart(), property.end + comma]);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return cuts.reduceRight((rest, [start, end]) => rest.slice(0, start) + rest.slice(end), text);
}

module.exports = { printedLines };
