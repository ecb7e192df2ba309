// The ignore file of an image's build, as far as ours goes: a path from the root, or `**/name`.

/** Whether a path, from the root of the context, is left out. */
export function readIgnoreFile(content) {
  const lines = content.split('\n').map((line) => line.trim());
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const unknown = patterns.find((pattern) => !/^(\*\*\/)?[^!*]*\*?[^!*]*$/.test(pattern));
  if (unknown) throw new Error(`The rehearsal does not know what ${unknown} means.`);
  const expressions = patterns.map(expressionOf);
  return (path) => expressions.some((expression) => expression.test(path));
}

function expressionOf(pattern) {
  const anywhere = pattern.startsWith('**/');
  const name = (anywhere ? pattern.slice(3) : pattern)
    .replace(/[.+^$()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*');
  return new RegExp(`${anywhere ? '(^|/)' : '^'}${name}(/|$)`);
}
