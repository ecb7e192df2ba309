const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]]|[^\s"{}[\],:]+/g;

/**
 * Puts scripts into the text of a package.json, in place of those that it has. Everything outside
 * of `scripts` stays as it is, to the character; indentation and line endings are the file's own.
 * A file that has no `scripts` comes back unchanged.
 */
export function rewritePackageJson(text: string, scripts: Record<string, string>): string {
  const place = findScripts(text);
  if (!place) return text;
  const indentation = /\n([ \t]+)"/.exec(text)?.[1] ?? '';
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = JSON.stringify(scripts, null, indentation).split('\n');
  return text.slice(0, place.start) + lines.join(lineEnd + indentation) + text.slice(place.end);
}

/** Where the value of the top-level key `scripts` begins and ends. */
function findScripts(text: string): { start: number; end: number } | undefined {
  let depth = 0;
  let previous = '';
  let start: number | undefined;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      if (depth === 1 && token === '{' && previous === '"scripts"') start = index;
      depth++;
    } else if (token === '}' || token === ']') {
      depth--;
      if (depth === 1 && start !== undefined) return { start, end: index + 1 };
    }
    previous = token;
  }
  return undefined;
}
