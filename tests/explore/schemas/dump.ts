import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type ClientConfig } from 'pg';

/** The program that judges: Debian's has one version, and a newer server needs a newer one. */
const PG_DUMP = process.env['PG_DUMP'] ?? 'pg_dump';

/** The major version of pg_dump; `null` where there is none. */
export async function majorOfPgDump(): Promise<number | null> {
  try {
    const { stdout } = await promisify(execFile)(PG_DUMP, ['--version']);
    return Number(/(\d+)\./.exec(stdout)?.[1]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * What pg_dump says of a database's schema, an entry an object, so that two of them can be compared.
 *
 * Brought to one form is only what is no part of a schema:
 * - the order of the entries, which goes by OIDs where names do not decide;
 * - the order of the statements about privileges in one entry, which is that of granting;
 * - brackets and casts of constants: the server words some expressions otherwise when it has read
 *   them once more, and pg_dump's own restore does the same to them.
 */
export async function dumpSchema({
  host,
  port,
  user,
  password,
  database,
}: ClientConfig): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    PG_DUMP,
    [
      '--schema-only',
      '--host',
      String(host),
      '--port',
      String(port),
      '--username',
      String(user),
      String(database),
    ],
    { env: { ...process.env, PGPASSWORD: String(password) }, maxBuffer: 2 ** 28 },
  );
  return stdout
    .split(/^--\n(?=-- Name: )/m)
    .slice(1)
    .map(inOneForm)
    .sort();
}

/** The entries that only one of two dumps has. */
export function compareDumps(expected: readonly string[], actual: readonly string[]): string[] {
  const less = (all: readonly string[], others: readonly string[]): string[] =>
    all.filter((entry) => !others.includes(entry));
  return [
    ...less(expected, actual).map((entry) => `- ${entry}`),
    ...less(actual, expected).map((entry) => `+ ${entry}`),
  ];
}

function inOneForm(entry: string): string {
  const plain = entry
    .replace(/^-- PostgreSQL database dump complete[\s\S]*/m, '')
    .replace(/^SET default_\w+ = .*;$/gm, '')
    .replace(/::(character varying|text|numeric|bigint)\b/g, '')
    .replace(/[()[\]]/g, '')
    .replace(/^--$/gm, '')
    .replace(/\n{2,}/g, '\n')
    .trim();
  return /^-- Name: .*; Type: (DEFAULT )?ACL;/.test(plain)
    ? plain.split('\n').sort().join('\n')
    : plain;
}
