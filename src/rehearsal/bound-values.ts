import { escapeLiteral } from 'pg';
import { prepareValue } from 'pg/lib/utils.js';
import { tokensOf } from '../sql/tokens.js';

/** A bound value as JSON has it; what JSON has no word for, as the text that the server is sent. */
export type BoundValue = string | number | boolean | null;

/** A value that is bound to a statement. */
export interface Binding {
  shown: BoundValue;
  /** The same value as a literal of SQL. */
  literal: string;
}

/** A value as `pg` sends it: it turns dates, arrays, objects and all else into the server's text. */
export function bindingOf(value: unknown): Binding {
  const sent = prepareValue(value);
  if (sent === null) return { shown: null, literal: 'NULL' };
  if (Buffer.isBuffer(sent)) {
    const shown = `\\x${sent.toString('hex')}`;
    // It is sent as bytes, so only bytes can be meant.
    return { shown, literal: `${escapeLiteral(shown)}::bytea` };
  }
  const plain = typeof value === 'boolean' || Number.isFinite(value);
  return { shown: plain ? (value as BoundValue) : sent, literal: escapeLiteral(sent) };
}

/**
 * A statement with its values written into it, which means to the server what the two meant apart.
 *
 * A value that stands in one place is taken by the server as an untyped literal would be. One that
 * stands in several has the type of the first of them in all, so there the server is left to find it
 * out: the statement is prepared and executed. Pure.
 */
export function withValues(sql: string, bindings: readonly Binding[]): string {
  if (bindings.length === 0) return sql;
  const tokens = tokensOf(sql);
  const places = tokens.filter(({ kind }) => kind === 'parameter').map(({ text }) => text);
  const values = bindings.map(({ literal }) => literal.trim());
  if (new Set(places).size < places.length) return prepared(sql, values);
  return tokens
    .map(({ kind, text }) =>
      kind === 'parameter' ? (values[Number(text.slice(1)) - 1] ?? text) : text,
    )
    .join('');
}

const NAME = 'knexward_plan';

function prepared(sql: string, values: readonly string[]): string {
  return [
    `prepare ${NAME} as`,
    terminated(sql),
    `execute ${NAME}(${values.join(', ')});`,
    `deallocate ${NAME};`,
  ].join('\n');
}

/** A statement, or several, with a semicolon at the end. A comment at the end would swallow it. */
export function terminated(sql: string): string {
  const trimmed = sql.trimEnd();
  const tokens = tokensOf(trimmed);
  const last = tokens.filter(({ kind }) => kind !== 'space' && kind !== 'comment').at(-1);
  if (last === undefined || (last.kind === 'symbol' && last.text === ';')) return trimmed;
  return tokens.at(-1)?.text.startsWith('--') ? `${trimmed}\n;` : `${trimmed};`;
}
