/** The part of db-migrate-shared that is used here; the package has no types of its own. */
declare module 'db-migrate-shared' {
  type LogMethod = (...parts: unknown[]) => void;

  export const log: {
    info: LogMethod;
    warn: LogMethod;
    error: LogMethod;
    /** Says something only where `global.verbose` is set. */
    verbose: LogMethod;
    /** Takes a statement, its values and, last, a callback that is not looked at. */
    sql: LogMethod;
    silence(isSilent: boolean): boolean;
    setLogLevel(level: string): void;
  };

  export const dataType: Readonly<Record<string, string>>;
}
