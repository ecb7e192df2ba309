type LogMethod = (...parts: unknown[]) => void;

/** What a migration finds as `db.log`. */
export interface MigrationLog {
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  verbose: LogMethod;
  /** Receives every statement before it is sent, then its values where it has any. */
  sql: LogMethod;
}

const silent: LogMethod = () => {};

function toStandardError(label: string): LogMethod {
  return (...parts) => console.error(`[${label}]`, ...parts);
}

/** Where a migration's own messages go unless the caller says otherwise: standard error. */
export const STANDARD_ERROR_LOG: MigrationLog = {
  info: toStandardError('INFO'),
  warn: toStandardError('WARN'),
  error: toStandardError('ERROR'),
  verbose: silent,
  sql: silent,
};
