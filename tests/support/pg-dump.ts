import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type ClientConfig } from 'pg';
import { fetchPgDump, pgDump } from './pg-dump-wasm';

/** Another program that judges, such as Debian's. */
const PROGRAM = process.env['PG_DUMP'];

/** The version in WebAssembly: it reads servers of its own version and before. */
const MAJOR_IN_WASM = 18;

/** The major version of pg_dump; `null`, with a line, where there is none. */
export async function majorOfPgDump(): Promise<number | null> {
  if (PROGRAM !== undefined) {
    const { stdout } = await promisify(execFile)(PROGRAM, ['--version']);
    return Number(/(\d+)\./.exec(stdout)?.[1]);
  }
  try {
    await fetchPgDump();
    return MAJOR_IN_WASM;
  } catch (error) {
    process.stderr.write(
      `What pg_dump judges is left out: it cannot be fetched. ${String(error)}\n`,
    );
    return null;
  }
}

/**
 * What pg_dump says of a database's schema, an entry an object, so that two of them can be compared.
 *
 * Brought to one form is only what is no part of a schema:
 * - the order of the entries, which goes by OIDs where names do not decide;
 * - the order of the statements about privileges in one entry, which is that of granting;
 * - the order of a relation's or a column's options, which is that of setting;
 * - brackets and casts of constants: the server words some expressions otherwise when it has read
 *   them once more, and pg_dump's own restore does the same to them.
 */
export async function dumpSchema(config: ClientConfig): Promise<string[]> {
  return (await dumpAsSql(config))
    .split(/^--\n(?=-- Name: )/m)
    .slice(1)
    .map(inOneForm)
    .sort();
}

/** The same as SQL, without the commands that are psql's. */
export async function dumpAsSql(config: ClientConfig): Promise<string> {
  const dump = await (PROGRAM === undefined ? pgDump(config) : run(PROGRAM, config));
  return dump.replace(/^\\.*$/gm, '');
}

async function run(program: string, config: ClientConfig): Promise<string> {
  const { host, port, user, password, database } = config;
  const args = ['--host', String(host), '--port', String(port), '--username', String(user)];
  const { stdout } = await promisify(execFile)(
    program,
    ['--schema-only', ...args, String(database)],
    { env: { ...process.env, PGPASSWORD: String(password) }, maxBuffer: 2 ** 28 },
  );
  return stdout;
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
    .replace(/\b(WITH|SET) \(([^()]*)\)/g, (_, word: string, options: string) =>
      [word, ...options.split(', ').sort()].join(' '),
    )
    .replace(/::(character varying|text|numeric|bigint)\b/g, '')
    .replace(/[()[\]]/g, '')
    .replace(/^--$/gm, '')
    .replace(/\n{2,}/g, '\n')
    .trim();
  return /^-- Name: .*; Type: (DEFAULT )?ACL;/.test(plain)
    ? plain.split('\n').sort().join('\n')
    : plain;
}
