import { type Check, green, red, yellow } from '../check.js';
import { type ProjectFacts } from '../look/project.js';

/** A connection with encryption takes some hundred milliseconds, over a slow network more. */
const SHORTEST_ACQUIRE_MS = 1000;

/** The knexfile and the folders. */
export function judgeProject(facts: ProjectFacts): Check[] {
  const { knexfile } = facts;
  return [
    green(
      'CONFIGURATION',
      knexfile === null
        ? 'no knexfile: the database comes from DATABASE_URL or the PG* variables'
        : `knexfile ${knexfile}`,
    ),
    judgeFolders(facts),
    ...judgeNames(facts),
    ...judgeSqls(facts),
    ...judgePool(facts),
    ...judgeTransactions(facts),
  ];
}

function judgeFolders({ files, folders }: ProjectFacts): Check {
  if (typeof files !== 'number') return red('MIGRATIONS_FOLDER', files.error, files.fix);
  const where = folders.join(', ') || "the knexfile's migration source";
  return green('MIGRATIONS_FOLDER', `${files} migrations in ${where}`);
}

/** Names after these say nothing new. */
const MOST_NAMED = 3;

function judgeNames({ unknownToKnex }: ProjectFacts): Check[] {
  if (unknownToKnex.length === 0) return [];
  return [
    yellow(
      'KNEX_COMMANDS',
      `Knex's own command line does not find ${listed(unknownToKnex)}: after they are applied, it reports that the folder is corrupt`,
      "In the knexfile: migrations: { migrationSource: migrationSource({ directory: './migrations' }) }, with migrationSource from knexward, instead of migrations.directory",
    ),
  ];
}

function judgeSqls({ sqlWithoutLoader }: ProjectFacts): Check[] {
  const { length } = sqlWithoutLoader;
  if (length === 0) return [];
  const [migrations, them] =
    length === 1 ? ['a migration that is', 'it'] : [`${length} migrations that are`, 'them'];
  return [
    yellow(
      'SQL_WITHOUT_LOADER',
      `a folder sqls has the SQL of ${migrations} not in the migrations folder: ${listed(sqlWithoutLoader)}. No file loads ${them}, so up passes over ${them}`,
      `Restore ${listed(sqlWithoutLoader.map((name) => `${name}.js`))} from version control, or remove the SQL files`,
    ),
  ];
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function judgePool({ pool: { max, acquireTimeoutMs } }: ProjectFacts): Check[] {
  if (max === 0) {
    const message =
      'the knexfile says pool.max: 0, so Knex has no connection on which to run a change';
    return [red('POOL', message, 'In the knexfile: pool: { max: 1 } or more, or no pool at all')];
  }
  if (acquireTimeoutMs !== null && acquireTimeoutMs < SHORTEST_ACQUIRE_MS) {
    const message = `the knexfile allows ${acquireTimeoutMs} ms for opening a connection (acquireConnectionTimeout); a slow network takes longer`;
    return [yellow('POOL', message, 'In the knexfile: acquireConnectionTimeout: 60000')];
  }
  return [green('POOL', max === null ? "Knex's own pool" : `pool of at most ${max}`)];
}

function judgeTransactions({ disableTransactions }: ProjectFacts): Check[] {
  if (!disableTransactions) return [];
  const message =
    'the knexfile says disableTransactions: true: a change that fails halfway stays halfway';
  const fix =
    'Remove it from the knexfile; if one migration needs it: exports.config = { transaction: false }';
  return [yellow('TRANSACTIONS_OFF', message, fix)];
}
