// What several bundles contain is there once in each: what one of them keeps in a variable of a module, another does not see.
// Here such variables are found in the sources.
const { readFileSync } = require('node:fs');
const ts = require('typescript');

/** Above a declaration: why a state in each bundle does no harm. */
const REASON = /\bIn each bundle: \S/;

/**
 * @typedef {{ file: string, line: number, text: string }} State of a module, where it is declared
 */

/**
 * The states of modules that two bundles or more contain.
 *
 * @param {readonly { bundle: string, files: readonly string[] }[]} bundles
 * @returns {(State & { bundles: string[] })[]}
 */
function statesOfShared(bundles) {
  const files = [...new Set(bundles.flatMap(bundle => bundle.files))].sort();
  return files.flatMap(file => {
    const containing = bundles.filter(bundle => bundle.files.includes(file)).map(({ bundle }) => bundle);
    if (containing.length < 2 || !/\.[cm]?ts$/.test(file)) return [];
    return statesIn(file, readFileSync(file, 'utf8')).map(state => ({ ...state, bundles: containing }));
  });
}

/**
 * What a module may keep between two calls: variables that may change, objects that may, and whatever is made as it is
 * loaded, such as a class, since each copy is another one (`instanceof`). Not what is constant through and through.
 *
 * @param {string} file
 * @param {string} text
 * @returns {State[]}
 */
function statesIn(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return source.statements.flatMap(statement => {
    if (isReasoned(text, statement)) return [];
    return stateful(statement).map(node => ({
      file,
      line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1,
      text: node.getText().split('\n')[0] ?? '',
    }));
  });
}

/**
 * @param {string} text
 * @param {ts.Statement} statement
 */
function isReasoned(text, statement) {
  const comments = ts.getLeadingCommentRanges(text, statement.getFullStart()) ?? [];
  return comments.some(({ pos, end }) => REASON.test(text.slice(pos, end)));
}

/**
 * @param {ts.Statement} statement
 * @returns {ts.Node[]} what of it is a state
 */
function stateful(statement) {
  if (isDeclarationOnly(statement)) return [];
  if (ts.isVariableStatement(statement)) {
    const { declarationList } = statement;
    if (isAmbient(statement)) return [];
    if ((declarationList.flags & ts.NodeFlags.Const) === 0) return [...declarationList.declarations];
    return declarationList.declarations.filter(
      ({ initializer, type }) =>
        initializer === undefined || !(isConstant(initializer) || isReadonly(type, initializer)),
    );
  }
  if (ts.isExportAssignment(statement)) return isConstant(statement.expression) ? [] : [statement];
  return [statement];
}

/** @param {ts.Statement} statement that has no state: nothing of it runs as the module is loaded */
function isDeclarationOnly(statement) {
  return (
    ts.isImportDeclaration(statement) ||
    ts.isImportEqualsDeclaration(statement) ||
    ts.isExportDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isEmptyStatement(statement)
  );
}

/** @param {ts.VariableStatement} statement */
function isAmbient(statement) {
  return statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false;
}

/**
 * Whether it is the same in every copy, and stays so.
 *
 * @param {ts.Expression} expression
 * @returns {boolean}
 */
function isConstant(expression) {
  if (ts.isParenthesizedExpression(expression) || ts.isSatisfiesExpression(expression))
    return isConstant(expression.expression);
  if (ts.isAsExpression(expression)) {
    const isConst = ts.isConstTypeReference(expression.type);
    return isConst ? isFrozen(expression.expression) : isConstant(expression.expression);
  }
  if (ts.isArrowFunction(expression) || ts.isFunctionExpression(expression)) return true;
  if (ts.isRegularExpressionLiteral(expression)) return !/[gy][a-z]*$/.test(expression.text);
  if (ts.isTemplateExpression(expression)) return expression.templateSpans.every(span => isConstant(span.expression));
  if (ts.isPrefixUnaryExpression(expression))
    return (
      ![ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(expression.operator) &&
      isConstant(expression.operand)
    );
  if (ts.isBinaryExpression(expression))
    return !isAssignment(expression.operatorToken.kind) && isConstant(expression.left) && isConstant(expression.right);
  if (ts.isConditionalExpression(expression))
    return [expression.condition, expression.whenTrue, expression.whenFalse].every(isConstant);
  // A part of something that is judged where it is declared.
  if (ts.isPropertyAccessExpression(expression)) return isConstant(expression.expression);
  if (ts.isCallExpression(expression)) return isSymbolFor(expression);
  return ts.isIdentifier(expression) || ts.isLiteralExpression(expression) || isKeyword(expression);
}

/**
 * A literal of which nothing may be written: by its type, `as const`.
 *
 * @param {ts.Expression} expression
 * @returns {boolean}
 */
function isFrozen(expression) {
  if (ts.isArrayLiteralExpression(expression)) return expression.elements.every(isFrozen);
  if (ts.isSpreadElement(expression)) return isFrozen(expression.expression);
  if (ts.isObjectLiteralExpression(expression)) return expression.properties.every(isFrozenProperty);
  return isConstant(expression);
}

/** @param {ts.ObjectLiteralElementLike} property */
function isFrozenProperty(property) {
  if (ts.isPropertyAssignment(property)) return isFrozen(property.initializer);
  if (ts.isSpreadAssignment(property)) return isFrozen(property.expression);
  return ts.isShorthandPropertyAssignment(property) || ts.isMethodDeclaration(property);
}

/**
 * A collection that its type lets nobody write to.
 *
 * @param {ts.TypeNode | undefined} type
 * @param {ts.Expression} initializer
 */
function isReadonly(type, initializer) {
  if (type === undefined) return false;
  const isList = ts.isTypeOperatorNode(type) && type.operator === ts.SyntaxKind.ReadonlyKeyword;
  const isNamed = ts.isTypeReferenceNode(type) && /^Readonly(Set|Map|Array)?$/.test(type.typeName.getText());
  if (!isList && !isNamed) return false;
  if (ts.isNewExpression(initializer))
    return /^(Set|Map)$/.test(initializer.expression.getText()) && (initializer.arguments ?? []).every(isFrozen);
  return isFrozen(initializer);
}

/** @param {ts.CallExpression} call */
function isSymbolFor({ expression, arguments: given }) {
  return expression.getText() === 'Symbol.for' && given.every(isConstant);
}

/** @param {ts.SyntaxKind} kind */
function isAssignment(kind) {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

/** @param {ts.Expression} expression */
function isKeyword({ kind }) {
  return [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(kind);
}

module.exports = { statesIn, statesOfShared };
