import { readRcFiles } from './rc-file.js';

/** What db-migrate is told, beside its command: as far as something tells it. */
export interface DbMigrateOptions {
  /** The path of the configuration. */
  config?: string | undefined;
  env?: string | undefined;
  migrationsDir?: string | undefined;
  table?: string | undefined;
  nonTransactional?: boolean | undefined;
}

/**
 * What is in force for a call of db-migrate in a folder: what `.db-migraterc` says goes before an option
 * by its letter or its other name, and after one by its own; for the configuration it has the
 * name `configFile`, which goes before all.
 *
 * @param words what stands behind the command's name
 * @throws KnexwardError `DB_MIGRATE_CONFIG` for a `.db-migraterc` that cannot be read
 * @source db-migrate/lib/commands/set-default-argv.js
 */
export function optionsInForce(folder: string, words: readonly string[] = []): DbMigrateOptions {
  const rc = readRcFiles(folder);
  const given = parseWords(words);
  const choose = (name: string, ...others: string[]) =>
    given.get(`--${name}`) ??
    textOf(rc[name]) ??
    others.map((other) => given.get(other)).find((value) => value !== undefined);
  const flag = '--non-transactional';
  return {
    config: given.get('--configFile') ?? textOf(rc['configFile']) ?? given.get('--config'),
    env: choose('env', '-e'),
    migrationsDir: choose('migrations-dir', '-m'),
    table: choose('table', '-t', '--migration-table'),
    nonTransactional: words.includes(flag) || rc['non-transactional'] === true || undefined,
  };
}

const WITH_VALUE =
  /^(--(?:configFile|config|env|migrations-dir|table|migration-table)|-[emt])(?:=(.*))?$/s;

function parseWords(words: readonly string[]): Map<string, string> {
  const given = new Map<string, string>();
  words.forEach((word, index) => {
    const [, name, value = words[index + 1]] = WITH_VALUE.exec(word) ?? [];
    if (name !== undefined && value !== undefined) given.set(name, value);
  });
  return given;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
