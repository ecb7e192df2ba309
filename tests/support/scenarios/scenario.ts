import { createDatabase, createRole, type TestDatabase, type TestRole } from '../database';
import { startPgBouncer } from '../pgbouncer';
import { createProject, KNEXFILE, type Outcome, type Project } from '../project';

/** A project and a database, made so that knexward meets one certain thing in them. */
export interface Scenario {
  /** The project's files, besides a knexfile; `null` leaves that out too. */
  files?: Record<string, string | null>;
  /** What happens before: runs, statements, another session that holds something. */
  before?: (world: World) => Promise<unknown>;
  /** The command that then meets it. */
  args: readonly string[];
  /** The database URL that it uses, where it is not the ordinary one. */
  url?: (world: World) => string | Promise<string>;
  env?: Record<string, string>;
  /** The command goes through PgBouncer in transaction mode, which may not be installed. */
  pooled?: true;
  /** The command meets it once; when repeated it finds something else. */
  once?: true;
}

/** What a scenario has to work with. */
export interface World {
  database: TestDatabase;
  project: Project;
  run: (...args: string[]) => Promise<Outcome>;
  role: () => Promise<TestRole>;
}

/** A migration in JavaScript that does this going up. */
export function migration(up: string): string {
  return `exports.up = async (knex) => { ${up} };\nexports.down = async () => {};\n`;
}

/** The ordinary project: one migration that makes a table. */
export const FIRST = '20260101000000_first.js';
const FIRST_FILES = {
  [`migrations/${FIRST}`]: `exports.up = (knex) => knex.raw('create table first (id int)');
exports.down = (knex) => knex.raw('drop table first');\n`,
};

/** Plays a scenario, its command as it is and then with these further arguments. */
export async function playWith(scenario: Scenario, ...more: string[]): Promise<[Outcome, Outcome]> {
  const { args, once } = scenario;
  const longer = [...args, ...more];
  const played = once
    ? [...(await play(scenario, [args])), ...(await play(scenario, [longer]))]
    : await play(scenario, [args, longer]);
  return played as [Outcome, Outcome];
}

async function play(scenario: Scenario, commands: (readonly string[])[]): Promise<Outcome[]> {
  const database = await createDatabase();
  const files = { 'knexfile.js': KNEXFILE, ...FIRST_FILES, ...scenario.files };
  const kept = Object.entries(files).filter(([, content]) => content !== null);
  const project = createProject(Object.fromEntries(kept));
  const roles: TestRole[] = [];
  const pooler = scenario.pooled && (await startPgBouncer({ mode: 'transaction' }));
  const run = (args: readonly string[], url: string, env = {}): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: url, ...env });
  const world: World = {
    ...{ database, project },
    run: (...args) => run(args, database.url),
    role: async () => {
      const role = await createRole();
      roles.push(role);
      return role;
    },
  };
  try {
    await scenario.before?.(world);
    const direct = (await scenario.url?.(world)) ?? database.url;
    const url = pooler ? pooler.through(direct) : direct;
    const outcomes: Outcome[] = [];
    for (const args of commands) outcomes.push(await run(args, url, scenario.env));
    return outcomes;
  } finally {
    await pooler?.stop();
    // A reset may have left no database of that name.
    await database.query('rollback').catch(() => undefined);
    for (const role of roles) await role.drop(database);
    project.remove();
    await database.drop();
  }
}

/** A history as db-migrate leaves it. */
export async function dbMigrateHistory(
  { database }: World,
  rows: Record<string, string>,
): Promise<void> {
  await database.query(
    'create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null)',
  );
  for (const [name, runOn] of Object.entries(rows)) {
    await database.query('insert into migrations (name, run_on) values ($1, $2)', [name, runOn]);
  }
}
