import { escapeLiteral } from 'pg';

/** A definition of the server's: the name, arguments and result; the options; the body. */
const DEFINITION = /^([\s\S]*?\n)( LANGUAGE (\S+)[\s\S]*?)(?:\n(AS [\s\S]*))?$/;

/** What a replacement may not change: the name, the arguments and the result. */
export function headOf(definition: string): string | undefined {
  return DEFINITION.exec(definition)?.[1];
}

/**
 * A routine whose body is in SQL, with one that needs nothing; `undefined` where the body is a text.
 * The server may call an immutable function while it makes what needs it.
 */
export function withoutBody(definition: string): string | undefined {
  const [, head = '', options = '', language] = DEFINITION.exec(definition) ?? [];
  const at = options.search(/\n(?:BEGIN ATOMIC|RETURN)\b/);
  if (language !== 'sql' || at < 0) return undefined;
  const [, type] = /^ RETURNS (?!SETOF |TABLE\(|record$)(.*)$/m.exec(head) ?? [];
  const body = type === undefined ? '' : `SELECT NULL::${type}`;
  return `${head}${options.slice(0, at)}\nAS ${escapeLiteral(body)}`;
}

/** Whether the body is in SQL, and a text: the server looks into it only when it is called. */
export function hasTextInSql(definition: string): boolean {
  const [, , , language, body] = DEFINITION.exec(definition) ?? [];
  return language === 'sql' && body !== undefined;
}

/** A definition without such a body. */
export function withoutTextInSql(definition: string): string {
  const [, head = '', options = ''] = DEFINITION.exec(definition) ?? [];
  return hasTextInSql(definition) ? head + options : definition;
}
