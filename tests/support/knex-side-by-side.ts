import { createDatabase, type TestDatabase } from './database';
import { createProject, type Outcome, type Project } from './project';

/** A command that both command lines know, each by its own words. */
export interface BothCommands {
  knex: readonly string[];
  knexward: readonly string[];
}

export const LATEST: BothCommands = { knex: ['migrate:latest'], knexward: ['up'] };
export const ROLLBACK: BothCommands = { knex: ['migrate:rollback'], knexward: ['down'] };

/** What a database holds, as far as migrations decide it. */
interface State {
  history: { name: string; batch: number }[];
  columns: { table_name: string; column_name: string; data_type: string }[];
}

/**
 * One project on two databases: one under Knex's own command line, the other under knexward's. The
 * knexfile finds its database in `TEST_DATABASE_URL`.
 */
export class KnexSideBySide {
  private constructor(
    readonly project: Project,
    /** The database that Knex migrates. */
    readonly real: TestDatabase,
    /** The database that knexward migrates. */
    readonly own: TestDatabase,
  ) {}

  static async create(files: Record<string, string>): Promise<KnexSideBySide> {
    const [real, own] = [await createDatabase(), await createDatabase()];
    return new KnexSideBySide(createProject(files), real, own);
  }

  /** Knex's command line on a database; on its own one unless told otherwise. */
  knex(args: readonly string[], on = this.real): Promise<Outcome> {
    return this.project.node(['node_modules/knex/bin/cli.js', ...args], {
      TEST_DATABASE_URL: on.url,
    });
  }

  knexward(args: readonly string[], on = this.own): Promise<Outcome> {
    return this.project.knexward(args, { TEST_DATABASE_URL: on.url });
  }

  /** Runs both, requires that both succeed, and that they leave the same behind. */
  async both({ knex, knexward }: BothCommands): Promise<State> {
    const outcomes = [await this.knex(knex), await this.knexward(knexward)];
    for (const { code, stderr, stdout } of outcomes) {
      expect({ code, stderr: code === 0 ? '' : stderr + stdout }).toEqual({ code: 0, stderr: '' });
    }
    return this.same();
  }

  /** Requires that both databases hold the same, and returns it. */
  async same(): Promise<State> {
    const expected = await stateOf(this.real);
    expect(await stateOf(this.own)).toEqual(expected);
    return expected;
  }

  async remove(): Promise<void> {
    this.project.remove();
    await Promise.all([this.real.drop(), this.own.drop()]);
  }
}

async function stateOf(database: TestDatabase): Promise<State> {
  const tables = await database.query("select to_regclass('knex_migrations') is not null as made");
  return {
    history:
      tables[0]?.['made'] === true
        ? await database.query('select name, batch from knex_migrations order by id')
        : [],
    columns: await database.query(
      `select table_name, column_name, data_type from information_schema.columns
         where table_schema not in ('pg_catalog', 'information_schema')
           and table_name not like 'knex%'
         order by table_schema, table_name, ordinal_position`,
    ),
  };
}
