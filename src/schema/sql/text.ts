import { escapeIdentifier, escapeLiteral } from 'pg';
import { type PartsOf } from '../catalog/model.js';
import { unquoted, withoutSchema } from '../catalog/names.js';

/** Options, given as `name=value`, in brackets. */
export function inBrackets(options: readonly string[]): string {
  const written = options.map((option) => {
    const [name = '', ...rest] = option.split('=');
    const value = rest.join('=');
    return /^[\w.+-]+$/.test(value)
      ? `${name}=${value}`
      : `${name}='${value.replaceAll("'", "''")}'`;
  });
  return `(${written.join(', ')})`;
}

/** The statements that take a list of options to another, `alter` being all before SET. */
export function changeOptions(
  alter: string,
  from: readonly string[] = [],
  to: readonly string[] = [],
): string[] {
  const named = (option: string): string => option.split('=')[0] ?? '';
  const kept = new Set(to.map(named));
  const gone = from.map(named).filter((name) => !kept.has(name));
  const set = to.filter((option) => !from.includes(option));
  return [
    ...(gone.length > 0 ? [`${alter} RESET (${gone.join(', ')})`] : []),
    ...(set.length > 0 ? [`${alter} SET ${inBrackets(set)}`] : []),
  ];
}

/** A text as SQL. */
export function literal(text: string): string {
  return escapeLiteral(text).trimStart();
}

/** Words one after the other, of which those that are absent are passed over. */
export function words(...parts: readonly (string | false | null | undefined)[]): string {
  return parts.filter((part) => Boolean(part)).join(' ');
}

/** The options of a sequence as SQL; its type only where it may be said. */
export function sequenceOptions(parts: PartsOf['sequence'], withType: boolean): string {
  const { type, start, increment, min, max, cache, cycle } = parts;
  return words(
    withType && type && `AS ${type}`,
    increment && `INCREMENT BY ${increment}`,
    min && `MINVALUE ${min}`,
    max && `MAXVALUE ${max}`,
    start && `START WITH ${start}`,
    cache && `CACHE ${cache}`,
    cycle && 'CYCLE',
  );
}

/** The name that PostgreSQL chooses for the not-null constraint of a column, or of a domain. */
export function notNullName(owner: string, column?: string): string {
  const names = [withoutSchema(owner), ...(column === undefined ? [] : [column])];
  return escapeIdentifier([...names.map(unquoted), 'not_null'].join('_'));
}

/** The word that ALTER TABLE has for how a trigger or rule fires. */
export const FIRING = {
  always: 'ENABLE ALWAYS',
  replica: 'ENABLE REPLICA',
  disabled: 'DISABLE',
  origin: 'ENABLE',
} as const;

/** A statement with its semicolon; a comment as it is. */
export function endStatement(statement: string): string {
  return statement.startsWith('--') || /;\s*$/.test(statement) ? statement : `${statement};`;
}
