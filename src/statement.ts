/** A statement that the server refused: what was sent, and from where. */
export interface FailedStatement {
  /** The SQL text as it was sent. */
  sql: string;
  /** The values bound to it, in order. */
  bindings: readonly unknown[];
  /** The call stack at the moment it was sent, for finding the file and line. */
  stack?: string;
  /** The SQL file that the text was read from, where that is known. */
  file?: string;
}

const statements = new WeakMap<object, FailedStatement>();

/**
 * Remembers which statement an error belongs to. The error itself stays as the driver made it,
 * because a migration may look at it or pass it on.
 */
export function rememberStatement(error: unknown, statement: FailedStatement): void {
  if (typeof error === 'object' && error !== null && !statements.has(error)) {
    statements.set(error, statement);
  }
}

/** The statement that `rememberStatement` was told of, looked for along the chain of causes. */
export function statementOf(error: unknown): FailedStatement | undefined {
  for (let current = error; typeof current === 'object' && current !== null;) {
    const found = statements.get(current);
    if (found) return found;
    current = (current as { cause?: unknown }).cause;
  }
  return undefined;
}
