import { parseJson } from '../json.js';
import { rewritePackageJson } from '../adopt/scripts/package-json.js';

/**
 * Puts scripts into the text of a package.json, in place of those that it has, or behind everything
 * else where it has none. Indentation and line ends are the file's own.
 *
 * @returns `null` where that is not what the text would then say
 */
export function withScripts(text: string, scripts: Record<string, string>): string | null {
  const { scripts: known } = parse(text);
  const changed = known === undefined ? append(text, scripts) : rewritePackageJson(text, scripts);
  const wanted = { ...parse(text), scripts };
  return JSON.stringify(sorted(parse(changed))) === JSON.stringify(sorted(wanted)) ? changed : null;
}

function append(text: string, scripts: Record<string, string>): string {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const indentation = /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
  const close = text.lastIndexOf('}');
  const before = text.slice(0, close).trimEnd();
  const comma = before.endsWith('{') ? '' : ',';
  const entry = JSON.stringify(scripts, null, indentation).split('\n');
  const value = entry.join(lineEnd + indentation);
  return `${before}${comma}${lineEnd}${indentation}"scripts": ${value}${lineEnd}${text.slice(close)}`;
}

function parse(text: string): Record<string, unknown> {
  return parseJson(text) as Record<string, unknown>;
}

function sorted(content: Record<string, unknown>): [string, unknown][] {
  return Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1));
}
