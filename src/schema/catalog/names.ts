const QUALIFIED = /^("(?:[^"]|"")+"|[^".]+)\.([\s\S]+)$/;

/** The schema of a qualified name, as SQL. */
export function schemaOf(name: string): string {
  return QUALIFIED.exec(name)?.[1] ?? 'public';
}

/** A qualified name without its schema, as SQL. */
export function withoutSchema(name: string): string {
  return QUALIFIED.exec(name)?.[2] ?? name;
}

/** What a name written as SQL says. */
export function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
