import { EnvVariable, type ConfigValue } from '../../db-migrate/config.js';

/** JavaScript that is written down as it is, in the place of a value. */
export class Code {
  constructor(readonly text: string) {}
}

/** What a generated file can hold: a value of database.json, code, or an object of both. */
export type SourceValue = ConfigValue | Code | SourceObject;

/** An object of a generated file; an entry that is `undefined` is left out. */
export interface SourceObject {
  [key: string]: SourceValue | undefined;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const LINE_WIDTH = 80;

/**
 * A value as JavaScript source, laid out as Prettier would. An environment variable becomes an
 * access to `process.env`.
 *
 * @param depth How many levels the line that the value starts on is indented.
 */
export function renderValue(value: SourceValue, depth = 0): string {
  if (value instanceof Code) return value.text;
  if (value instanceof EnvVariable) return renderVariable(value.env);
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return renderArray(value, depth);
  if (typeof value === 'object' && value !== null) return renderObject(value, depth);
  return String(value);
}

function renderVariable(name: string): string {
  return IDENTIFIER.test(name) ? `process.env.${name}` : `process.env[${quote(name)}]`;
}

/** A text as a string literal, in single quotes unless that needs more escapes. */
export function quote(text: string): string {
  const double = JSON.stringify(text).replace(/[\u2028\u2029]/g, escapeCharacter);
  if (text.split("'").length > text.split('"').length) return double;
  const single = double.slice(1, -1).replace(/\\.|'/g, (part) => {
    if (part === '\\"') return '"';
    return part === "'" ? "\\'" : part;
  });
  return `'${single}'`;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16)}`;
}

function renderArray(items: SourceValue[], depth: number): string {
  const line = `[${items.map((item) => renderValue(item, depth)).join(', ')}]`;
  if (!line.includes('\n') && line.length + 2 * depth < LINE_WIDTH) return line;
  return block(
    '[',
    items.map((item) => renderValue(item, depth + 1)),
    ']',
    depth,
  );
}

function renderObject(object: SourceObject | Record<string, ConfigValue>, depth: number): string {
  const entries = Object.entries(object).flatMap(([key, value]) =>
    value === undefined ? [] : [`${renderKey(key)}: ${renderValue(value, depth + 1)}`],
  );
  return entries.length === 0 ? '{}' : block('{', entries, '}', depth);
}

function renderKey(key: string): string {
  // Written plainly, this one would set the object's prototype.
  if (key === '__proto__') return "['__proto__']";
  return IDENTIFIER.test(key) ? key : quote(key);
}

function block(open: string, lines: string[], close: string, depth: number): string {
  const inner = '  '.repeat(depth + 1);
  return `${open}\n${lines.map((line) => `${inner}${line},\n`).join('')}${'  '.repeat(depth)}${close}`;
}
