const WIDTH = 100;

/** Anything that JSON can say. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * JSON for people: what fits on a line stands on one, and a text of several lines is a list of
 * them, `{ "lines": [ … ] }`, so that a review shows which line has changed. The same value is
 * always the same text.
 */
export function layOut(value: Json, indent = ''): string {
  const deeper = `${indent}  `;
  if (isText(value)) {
    const lines = value.split('\n').map((line) => deeper + JSON.stringify(line));
    return `{ "lines": [\n${lines.join(',\n')}\n${indent}] }`;
  }
  const short = onOneLine(value);
  const fits = indent.length + short.length <= WIDTH && !holdsText(value);
  if (fits || typeof value !== 'object' || value === null) return short;
  const [open, close] = isList(value) ? ['[', ']'] : ['{', '}'];
  const entries = isList(value)
    ? value.map((item) => layOut(item, deeper))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${layOut(item, deeper)}`);
  return `${open}\n${entries.map((entry) => deeper + entry).join(',\n')}\n${indent}${close}`;
}

/** Puts the lines of `layOut` together again, all through a parsed value. */
export function joinLines(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(joinLines);
  if (typeof value !== 'object' || value === null) return value;
  const { lines, ...rest } = value as Record<string, unknown>;
  if (Array.isArray(lines) && Object.keys(rest).length === 0) return lines.join('\n');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, joinLines(item)]));
}

/** A text of several lines. */
function isText(value: Json): value is string {
  return typeof value === 'string' && value.includes('\n');
}

function holdsText(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return isText(value);
  return Object.values(value).some(holdsText);
}

function onOneLine(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return value.length === 0 ? '[]' : `[${value.map(onOneLine).join(', ')}]`;
  const entries = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}: ${onOneLine(item)}`,
  );
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
