import { readFileSync } from 'node:fs';

/** The certificate files that `ssl` may name, and the entries of `ssl` that take their content. */
export const CERTIFICATE_FILES = [
  ['sslrootcert', 'ca'],
  ['sslcert', 'cert'],
  ['sslkey', 'key'],
] as const;

/**
 * Reads the files that `ssl` names, as db-migrate-pg does: only beside an `sslmode`, and relative
 * to the working directory.
 */
export function readCertificates(ssl: Record<string, unknown>): Record<string, unknown> {
  if (!ssl['sslmode']) return ssl;
  const read = { ...ssl };
  for (const [file, entry] of CERTIFICATE_FILES) {
    const path = ssl[file];
    if (typeof path === 'string' && path) read[entry] = readFileSync(path, 'utf8');
  }
  return read;
}
