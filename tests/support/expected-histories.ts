import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Member } from './cut-over-orders.js';
import { type TestDatabase } from './database.js';
import { LATE_MIGRATION } from './fleet.js';
import { REPOSITORY } from './project.js';

const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(join(REPOSITORY, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();

const OLD = filesIn('examples/legacy-polls/migrations', '.js');
/** What only the new release brings. */
export const NEW = filesIn('backend/migrations', '.ts');

/** What both tools' histories hold, in one form. */
export interface Histories {
  dbMigrate: string[] | 'a notice';
  knex: string[] | 'nothing';
  /** How often the journal tells of what, for each migration. */
  journal: string[];
  /** What the late migration did, each time that it ran. */
  late: string[];
}

/** What must be in the histories, by what was started so far: the rules of docs/zero-downtime-takeover.md. */
export class ExpectedHistories {
  private dbMigrate = new Set(OLD);
  private knex = new Set<string>();
  private phase: 'before' | 'adopted' | 'finished' | 'undone' = 'before';
  private readonly events = new Map<string, number>();
  private readonly late: string[] = [];

  /** An instance has come up. Those of one step come in any order to the same. */
  started({ release, late }: Member): void {
    const own = late ? [...OLD, LATE_MIGRATION] : OLD;
    if (release === 'old') return own.forEach((name) => this.dbMigrateApplies(name));
    this.phase = this.phase === 'finished' ? 'finished' : 'adopted';
    for (const name of this.dbMigrate) this.reach(name, 'adopted');
    for (const name of [...own, ...NEW]) this.reach(name, 'applied');
  }

  finished(): void {
    this.phase = 'finished';
    this.event('finished', '');
  }

  /** What `down` to the first of the new format takes back, and then `--undo`. */
  undone(...reverted: string[]): void {
    for (const name of reverted) {
      this.knex.delete(name);
      this.event('reverted', name);
      if (name === LATE_MIGRATION) this.late.push('down');
    }
    this.dbMigrate = this.knex;
    this.knex = new Set();
    this.phase = 'undone';
    this.event('undone', '');
  }

  get now(): Histories {
    const taken = this.phase === 'adopted' || this.phase === 'finished';
    return {
      dbMigrate: this.phase === 'finished' ? 'a notice' : [...this.dbMigrate].sort(),
      knex: taken ? [...this.knex].sort() : 'nothing',
      journal: [...this.events].map(([event, count]) => `${event} × ${count}`).sort(),
      late: [...this.late],
    };
  }

  private dbMigrateApplies(name: string): void {
    if (this.dbMigrate.has(name)) return;
    this.dbMigrate.add(name);
    if (name === LATE_MIGRATION) this.late.push('up');
  }

  private reach(name: string, event: 'adopted' | 'applied'): void {
    if (this.knex.has(name)) return;
    this.knex.add(name);
    this.event(event, name);
    if (event === 'applied' && !NEW.includes(name)) this.dbMigrateApplies(name);
  }

  private event(event: string, name: string): void {
    const key = `${event} ${name}`.trim();
    this.events.set(key, (this.events.get(key) ?? 0) + 1);
  }
}

/** What is in the database. */
export async function histories(database: TestDatabase): Promise<Histories> {
  const names = async (sql: string): Promise<string[]> =>
    (await database.query<{ name: string }>(sql)).map(({ name }) => name);
  const tables = await names(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')`,
  );
  const [notice] = await database.query<{ is: boolean }>(
    `SELECT relkind = 'v' AS is FROM pg_class WHERE oid = 'public.migrations'::regclass`,
  );
  return {
    dbMigrate: notice?.is
      ? 'a notice'
      : (await names('SELECT substring(name FROM 2) AS name FROM migrations')).sort(),
    knex: tables.includes('knex_migrations')
      ? (
          await names(`SELECT regexp_replace(name, '\\.(js|ts)$', '') AS name FROM knex_migrations`)
        ).sort()
      : 'nothing',
    journal: tables.includes('knexward_journal')
      ? (
          await names(
            `SELECT trim(event || ' ' || coalesce(regexp_replace(migration, '\\.(js|ts)$', ''), '')) || ' × ' || count(*) AS name
               FROM knexward_journal WHERE event <> 'started' GROUP BY event, migration`,
          )
        ).sort()
      : [],
    late: await names('SELECT what AS name FROM late_runs ORDER BY id'),
  };
}
