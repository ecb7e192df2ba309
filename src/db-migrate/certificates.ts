import { readFileSync } from 'node:fs';

/** The certificate files that `ssl` may name, and the entries of `ssl` that take their content. */
const CERTIFICATE_FILES = [
  ['sslrootcert', 'ca'],
  ['sslcert', 'cert'],
  ['sslkey', 'key'],
] as const;

/**
 * `ssl` with the content of the files that it names, as db-migrate-pg reads them: only beside an
 * `sslmode`, and relative to the working directory. They are read when their entries are: a machine
 * has the files of its own environment, and maybe of no other.
 */
export function withCertificates(ssl: Record<string, unknown>): Record<string, unknown> {
  if (!ssl['sslmode']) return ssl;
  const read = { ...ssl };
  for (const [file, entry] of CERTIFICATE_FILES) {
    const path = ssl[file];
    if (typeof path !== 'string' || !path) continue;
    const get = (): string => readFileSync(path, 'utf8');
    Object.defineProperty(read, entry, { get, enumerable: true, configurable: true });
  }
  return read;
}
