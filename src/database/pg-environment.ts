/** The variables that `pg` takes what a connection does not name from, as they were at one moment. */
export type PgEnvironment = ReadonlyMap<string, string>;

/** What they are now. */
export function pgEnvironment(): PgEnvironment {
  return new Map(
    Object.entries(process.env).flatMap(([name, value]) =>
      isPgVariable(name) && value !== undefined ? [[name, value] as const] : [],
    ),
  );
}

/**
 * Does something, at once, under the variables of an earlier moment. A migration may set them, for a
 * program that it starts, or by loading a `.env`: that must not lead the run's next connection elsewhere.
 */
export function inPgEnvironment<T>(then: PgEnvironment, work: () => T): T {
  const now = pgEnvironment();
  setVariables(now, then);
  try {
    return work();
  } finally {
    setVariables(then, now);
  }
}

function setVariables(from: PgEnvironment, to: PgEnvironment): void {
  for (const name of from.keys()) if (!to.has(name)) Reflect.deleteProperty(process.env, name);
  for (const [name, value] of to) if (from.get(name) !== value) process.env[name] = value;
}

function isPgVariable(name: string): boolean {
  return /^PG[A-Z]/.test(name);
}
