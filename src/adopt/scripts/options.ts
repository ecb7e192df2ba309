import { type DbMigrateOptions, optionsInForce } from '../../db-migrate/options.js';
import { KnexwardError } from '../../errors.js';
import { findCall } from './call.js';
import { parseShell } from './shell-words.js';

/** What a project may tell db-migrate in its scripts alone, and how knexward is told it. */
const TOLD = [
  ['config', '--config', 'database.json'],
  ['migrationsDir', '--migrations-dir', 'migrations'],
  ['table', '--table', 'migrations'],
] as const;

/** The commands that run migrations. */
const RUNS = /^(?:up|down|reset|sync)(?::|$)/;

type Told = Pick<DbMigrateOptions, 'config' | 'migrationsDir' | 'table' | 'nonTransactional'>;

/**
 * What the scripts of package.json tell db-migrate of a project, where all of them tell the same. Where
 * one goes by the default, the default is the project's, and the others are an exception.
 *
 * @throws KnexwardError `DB_MIGRATE_CONFIG` where each tells something else, unless the command
 * line decides.
 */
export function optionsOfScripts(
  folder: string,
  scripts: Readonly<Record<string, string>>,
  decided: {
    config?: string | undefined;
    migrationsDir?: string | undefined;
    table?: string | undefined;
  },
): Told {
  const found = callsIn(scripts);
  const calls = found.map((words) => optionsInForce(folder, words));
  const told: Told = {};
  for (const [name, flag, byDefault] of TOLD) {
    const values = [...new Set(calls.map((options) => normal(options[name] ?? byDefault)))];
    if (decided[name] !== undefined || values.includes(byDefault)) continue;
    const [first] = values;
    if (values.length > 1) throw severalTold(values, flag);
    if (first !== undefined) told[name] = first;
  }
  const runs = calls.filter((_, at) => found[at]?.some((word) => RUNS.test(word)));
  const isTold = runs.length > 0 && runs.every(({ nonTransactional }) => nonTransactional);
  return { ...told, ...(isTold && { nonTransactional: true }) };
}

/** The words of the calls whose words are known. */
function callsIn(scripts: Readonly<Record<string, string>>): string[][] {
  const names = new Set(Object.keys(scripts));
  return Object.values(scripts)
    .flatMap((script) => parseShell(script) ?? [])
    .flatMap((command) => findCall(command, names) ?? [])
    .map(({ args }) => args.flatMap(({ value }) => (value === undefined ? [] : [value])))
    .filter((words) => words.length > 0);
}

function normal(path: string): string {
  return path.replaceAll('\\', '/').replace(/^(?:\.\/)+|\/+$/g, '');
}

function severalTold(values: readonly string[], flag: string): KnexwardError {
  return new KnexwardError('DB_MIGRATE_CONFIG', {
    message: `The scripts of package.json call db-migrate with ${values.join(', ')}. Nothing was changed.`,
    fix: `Choose one with ${flag}; each of the others needs a takeover, and a knexfile, of its own.`,
  });
}
