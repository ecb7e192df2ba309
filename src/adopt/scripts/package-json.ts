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

/** Where the value of a script stands in the text, quotes included. */
export interface ScriptText {
  start: number;
  end: number;
  /** As it is written: JSON has more than one way to write a text. */
  raw: string;
}

/** The values of all scripts by their names; `null` where the file has no `scripts`. */
export function locateScripts(text: string): Map<string, ScriptText> | null {
  const place = findScripts(text);
  if (!place) return null;
  const tokens = [...text.slice(place.start + 1, place.end - 1).matchAll(TOKEN)];
  const found = new Map<string, ScriptText>();
  for (let at = 0; at + 1 < tokens.length; at += 2) {
    const [key, value] = [tokens[at], tokens[at + 1]];
    // Something nested, which is no script.
    if (!key?.[0].startsWith('"') || !value?.[0].startsWith('"')) return null;
    const start = place.start + 1 + value.index;
    const raw = value[0];
    found.set(JSON.parse(key[0]) as string, { start, end: start + raw.length, raw });
  }
  return found;
}

/** Replaces these scripts and nothing else: every other character of the file stays. */
export function replaceScripts(
  text: string,
  changes: readonly { name: string; to: string; raw?: string | undefined }[],
): string {
  const places = locateScripts(text) ?? new Map<string, ScriptText>();
  const inOrder = changes
    .flatMap(({ name, to, raw = JSON.stringify(to) }) => {
      const place = places.get(name);
      return place === undefined ? [] : [{ ...place, raw }];
    })
    .sort((a, b) => b.start - a.start);
  return inOrder.reduce(
    (result, { start, end, raw }) => result.slice(0, start) + raw + result.slice(end),
    text,
  );
}

/** Where the value of the top-level key `scripts` begins and ends. */
function findScripts(text: string): { start: number; end: number } | undefined {
  let depth = 0;
  let previous = '';
  let start: number | undefined;
  let found: { start: number; end: number } | undefined;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      if (depth === 1 && token === '{' && previous === '"scripts"') start = index;
      depth++;
    } else if (token === '}' || token === ']') {
      depth--;
      if (depth === 1 && start !== undefined) {
        // Where a key is there twice, JSON takes the last one.
        found = { start, end: index + 1 };
        start = undefined;
      }
    }
    previous = token;
  }
  return found;
}
