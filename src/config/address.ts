import { type DatabaseInUse } from './resolve.js';

/** Where a database is, without a password: `user@host:port/name`. */
export function addressOf({ user, host, port, database }: DatabaseInUse): string {
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
}
