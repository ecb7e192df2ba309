import { type Catalog } from '../../src/schema/catalog/model';
import { compareCatalogs as compareOwn } from '../../src/schema/compare';
import { compareCatalogs, readCatalog } from './catalog';
import { catalogOf, clientOf } from './corner-cases';
import { createDatabase, type TestDatabase } from './database';
import { type Outcome, type Project } from './project';

/** The two command lines. */
export type Tool = 'knex' | 'knexward';

/** What both can be told, each by its own words. */
const WORDS = {
  latest: { knex: ['migrate:latest'], knexward: ['up'] },
  rollback: { knex: ['migrate:rollback'], knexward: ['down'] },
  rollbackAll: { knex: ['migrate:rollback', '--all'], knexward: ['down', '--all'] },
} as const;

export type Word = keyof typeof WORDS;

/** All that a database holds, but the content of its rows. */
export interface Held {
  /** Says the judge, who shares no code with knexward: the tables of Knex's history too. */
  judged: string[];
  /** Says knexward itself. */
  catalog: Catalog;
  history: { name: string; batch: number }[];
  locks: { is_locked: number }[];
  rows: Record<string, number>;
}

/** A database of a project, which both command lines migrate. */
export class MigratedDatabase {
  private constructor(
    readonly project: Project,
    readonly database: TestDatabase,
  ) {}

  static async create(project: Project): Promise<MigratedDatabase> {
    return new MigratedDatabase(project, await createDatabase());
  }

  run(tool: Tool, args: readonly string[]): Promise<Outcome> {
    const env = { TEST_DATABASE_URL: this.database.url };
    if (tool === 'knexward') return this.project.knexward(args, env);
    return this.project.node(['node_modules/knex/bin/cli.js', ...args], env);
  }

  /** Requires success, or a failure of the migration that is named. */
  async does(tool: Tool, word: Word, failing: string | null = null): Promise<void> {
    const { code, stdout, stderr } = await this.run(tool, WORDS[word][tool]);
    const said = stdout + stderr;
    const failed = /^migration file "(.*)" failed$|^MIGRATION_FAILED (\S+) /m.exec(said);
    const outcome = { tool, code, failed: failed?.[1] ?? failed?.[2] ?? null };
    if (code !== 0 && failing === null) throw new Error(`${tool} ${word}: ${said}`);
    expect(outcome).toEqual({ tool, code: failing === null ? 0 : 1, failed: failing });
  }

  /** What Knex's list says, line by line, and what knexward's status says. */
  async listed(): Promise<{
    knex: string[];
    knexward: { applied: string[]; pending: string[]; problems: unknown[] };
  }> {
    const list = await this.run('knex', ['migrate:list']);
    const status = await this.run('knexward', ['status', '--json']);
    const { applied, pending, problems } = status.json<{
      applied: { name: string }[];
      pending: { name: string }[];
      problems: unknown[];
    }>();
    return {
      knex: list.stdout.split('\n').filter((line) => line.endsWith('.js')),
      knexward: {
        applied: applied.map(({ name }) => name),
        pending: pending.map(({ name }) => name),
        problems,
      },
    };
  }

  async holds(): Promise<Held> {
    const client = await clientOf(this.database);
    const select = async <Row>(sql: string): Promise<Row[]> =>
      (await client.query(sql)).rows as Row[];
    try {
      return {
        judged: await readCatalog((sql, params) => client.query(sql, params), {
          exclude: ['public.knexward_journal'],
        }),
        catalog: await catalogOf(client),
        history: await select('select name, batch from knex_migrations order by id'),
        locks: await select('select is_locked from knex_migrations_lock'),
        rows: await countRows(select),
      };
    } finally {
      await client.end();
    }
  }
}

/** One of the projects makes the moment at which it is migrated a column's default. */
const MOMENT = /'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+00'/g;

const withoutMoments = (text: string): string => text.replace(MOMENT, "'a moment'");

/** Requires that two databases hold the same. */
export function requireSame(expected: Held, actual: Held): void {
  const [wanted, found] = [expected, actual].map(({ judged }) => judged.map(withoutMoments));
  expect(compareCatalogs(wanted ?? [], found ?? [])).toEqual([]);
  const differences = compareOwn(expected.catalog, actual.catalog).filter(
    (one) =>
      withoutMoments(JSON.stringify(one.expected)) !== withoutMoments(JSON.stringify(one.actual)),
  );
  expect(differences).toEqual([]);
  const { history, locks, rows } = expected;
  expect(actual).toMatchObject({ history, locks, rows });
}

type Select = <Row>(sql: string) => Promise<Row[]>;

async function countRows(select: Select): Promise<Record<string, number>> {
  const tables = await select<{ name: string; text: string }>(
    `select table_name as name, format('%I.%I', table_schema, table_name) as text
       from information_schema.tables
      where table_type = 'BASE TABLE' and table_name !~ '^knex'
        and table_schema not in ('pg_catalog', 'information_schema') order by 2`,
  );
  const counts: Record<string, number> = {};
  for (const { name, text } of tables) {
    const [row] = await select<{ n: number }>(`select count(*)::int as n from ${text}`);
    counts[name] = row?.n ?? 0;
  }
  return counts;
}
