/** What `pg` makes of a value that is bound to a statement, before it is sent. Its types lack it. */
declare module 'pg/lib/utils.js' {
  export function prepareValue(value: unknown): string | Buffer | null;
}
