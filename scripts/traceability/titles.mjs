// The titles of tests, as their source has them.
import ts from 'typescript';

const JEST = ['describe', 'it', 'test'];
/** Not `skip` and `todo`: what never runs shows nothing. */
const MODIFIERS = ['only', 'each', 'failing', 'concurrent'];

/** The static text of a title: what a template fills in, or a variable holds, is `…`. */
function textOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  }
  const isSum = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
  return isSum ? textOf(node.left) + textOf(node.right) : '…';
}

/** The name that an expression begins with: `it` of `it.each([…])`, or of `(psql ? it : it.skip)`. */
function nameOf(node) {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isConditionalExpression(node)) {
    return nameOf(node.whenTrue) ?? nameOf(node.whenFalse);
  }
  if (ts.isTaggedTemplateExpression(node)) return nameOf(node.tag);
  if (ts.isPropertyAccessExpression(node)) {
    return MODIFIERS.includes(node.name.text) ? nameOf(node.expression) : undefined;
  }
  const isAround =
    ts.isCallExpression(node) || ts.isParenthesizedExpression(node) || ts.isAsExpression(node);
  return isAround ? nameOf(node.expression) : undefined;
}

/** Whether a call gives a title, and not the table that `it.each` asks for first. */
function givesTitle({ expression }) {
  return !(ts.isPropertyAccessExpression(expression) && expression.name.text === 'each');
}

function visit(path, source, see) {
  const walk = (node) => {
    see(node);
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true));
}

/**
 * The variables of a file that stand for Jest's functions, such as
 * `const describeInBrowser = found ? describe : describe.skip`.
 */
export function aliasesIn(path, source) {
  const aliases = [];
  visit(path, source, (node) => {
    if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name) || !node.initializer) return;
    const { initializer } = node;
    const name = nameOf(initializer);
    const isJest = JEST.includes(name) && !ts.isCallExpression(initializer);
    if (isJest || name === 'itOfSample') aliases.push(node.name.text);
  });
  return aliases;
}

/** The titles of a file, in its order: of `describe`, `it`, `test`, and of what stands for them. */
export function titlesIn(path, source, aliases = []) {
  const names = new Set([...JEST, ...aliases]);
  const titles = [];
  visit(path, source, (node) => {
    if (!ts.isCallExpression(node) || !givesTitle(node) || !names.has(nameOf(node.expression)))
      return;
    const [title] = node.arguments;
    if (title) titles.push(textOf(title));
  });
  return titles;
}
