import {
  adoptDatabase,
  type Direction,
  KnexwardError,
  run,
  type RunEvent,
  type RunResult,
} from 'knexward/compat';
import { dryRun } from './dry-run.js';
import { FailedMigration } from './failure.js';
import { type Internals } from './internals.js';
import { log } from './log.js';
import { type MigrationFile } from './migration-files.js';
import { migrationName } from './names.js';
import { type Described, describe } from './described.js';
import { createSource } from './source.js';
import { readState, type State } from './state.js';
import { type Target } from './target.js';

/** What of a state is to run: names in Knex's history, in order. */
type Selection = (state: State) => readonly { historyName: string; name: string }[];

/**
 * Runs migrations of a target in one direction, after carrying over what db-migrate has left in its
 * own history. Returns what ran, or would run; `undefined` where there is nothing.
 *
 * @throws FailedMigration, and KnexwardError for everything that keeps a run from beginning
 */
export async function migrate(
  internals: Internals,
  target: Target,
  direction: Direction,
  select: Selection,
): Promise<Described[] | string[] | undefined> {
  const state = await currentState(internals, target, direction === 'up');
  const selected = select(state);
  if (selected.length === 0) {
    log.info('No migrations to run');
    return undefined;
  }
  if (internals.check) {
    const names = selected.map(({ name }) => name);
    log.info('Migrations to run:', names);
    return names;
  }
  const files = selected.map(({ historyName }) => fileOf(historyName, state));
  if (internals.dryRun) await dryRun(internals, target, direction, files);
  else await carryOut(internals, target, direction, state.files, files);
  return files.map(describe);
}

/** The state of a target; where it is about to change, after everything is in Knex's history. */
async function currentState(
  internals: Internals,
  target: Target,
  needsFiles: boolean,
): Promise<State> {
  const state = await readState(target, needsFiles);
  if (state.unadopted === 0 || internals.check || internals.dryRun) return state;
  const { rows, timeZone } = await adoptDatabase(target.config);
  if (rows.length > 0) {
    const { schema, table } = target.config.settings.dbMigrate;
    const source = schema === null ? table : `${schema}.${table}`;
    log.info(
      `Carried ${rows.length} rows of db-migrate's history (${source}) over to knex_migrations, their times read in ${timeZone}`,
    );
  }
  return readState(target, needsFiles);
}

function fileOf(historyName: string, state: State): MigrationFile {
  const file = state.files.find((candidate) => candidate.historyName === historyName);
  if (file) return file;
  throw new KnexwardError('MISSING_FILE', {
    message: `${migrationName(historyName)} cannot be reverted: the history has it, but there is no such file.`,
    fix: 'Bring the file back (from version control), then run the command again. Nothing was changed.',
  });
}

async function carryOut(
  internals: Internals,
  target: Target,
  direction: Direction,
  files: readonly MigrationFile[],
  selected: readonly MigrationFile[],
): Promise<void> {
  const { config } = target;
  const errors = new Map<string, unknown>();
  const source = createSource(files, config, {
    schema: internals.environment.schema,
    ignoreOnInit: internals.migrationOptions.ignoreOnInit,
    transaction: !internals.notransactions,
    onError: (historyName, error) => errors.set(historyName, error),
  });
  const { signal } = internals;
  const result = await run(
    { ...config, migrations: { ...config.migrations, source } },
    {
      direction,
      extent: { only: selected.map(({ historyName }) => historyName) },
      listener: tell,
      ...(signal && { signal }),
    },
  );
  throwFailure(result, errors);
}

function tell(event: RunEvent): void {
  if (event.type === 'started') {
    log.verbose('preparing to run migration:', migrationName(event.name));
  } else if (event.type === 'done') {
    log.info('Processed migration', migrationName(event.name));
  } else if (event.type === 'warned') {
    log.warn(`${migrationName(event.name)}: ${event.message}`);
  } else if (event.type === 'retrying') {
    log.warn(`${migrationName(event.name)}: ${event.reason}; trying again in ${event.delayMs} ms`);
  } else if (event.type === 'waiting') {
    log.info('Another runner is at work; waiting for it');
  }
}

function throwFailure({ failed }: RunResult, errors: ReadonlyMap<string, unknown>): void {
  if (!failed) return;
  const original = errors.get(failed.name);
  throw new FailedMigration(failed, original ?? new Error(failed.message));
}
