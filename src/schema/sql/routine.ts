/** A definition of the server's: the name, arguments and result; the options; the body. */
const DEFINITION = /^([\s\S]*?\n)( LANGUAGE (\S+)[\s\S]*?)(?:\n(AS [\s\S]*))?$/;

/** What a replacement may not change: the name, the arguments and the result. */
export function headOf(definition: string): string | undefined {
  return DEFINITION.exec(definition)?.[1];
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
