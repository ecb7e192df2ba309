import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject } from '../support/project';
import { SEED, sizeOf } from '../support/sizes';
import { type Comparison } from './knexfiles/main';
import { runnable, type RunnableProject } from './knexfiles/runnable';

const REPOSITORY = join(__dirname, '../..');
const KNEX_CLI = join(REPOSITORY, 'node_modules/knex/bin/cli.js');

/** What knexward refuses where Knex goes on; docs/knex-compatibility.md says of each why. */
const REFUSALS = [
  'AMBIGUOUS_KNEXFILE',
  'INVALID_CONNECTION',
  'KNEXFILE_BROKEN',
  'KNEXFILE_NOT_FOUND',
  'NO_DATABASE',
  'UNKNOWN_ENVIRONMENT',
];

describe("drawn knexfiles and folders, against Knex's own modules (US10)", () => {
  let comparison: Comparison;

  beforeAll(async () => {
    const script = join(REPOSITORY, 'scripts/knexfiles.mjs');
    const count = sizeOf('drawnKnexfiles');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [script, String(count), String(SEED)],
      { maxBuffer: 2 ** 28 },
    );
    comparison = JSON.parse(stdout) as Comparison;
  });

  it('the same database, tables, migrations and order, or a refusal (US10)', () => {
    expect(comparison.different.slice(0, 2)).toEqual([]);
    expect(comparison.equal).toBeGreaterThan(comparison.projects / 20);
  });

  it('refuses only what the documentation names, and never as a fault of its own', () => {
    const codes = Object.keys(comparison.refused).map((reason) => reason.split(':')[0]);
    expect(codes.filter((code) => !REFUSALS.includes(String(code)))).toEqual([]);
    expect(comparison.unexplained).toEqual([]);
  });
});

describe('drawn projects, run by the Knex CLI and by knexward (US10)', () => {
  let databases: [TestDatabase, TestDatabase];

  beforeEach(async () => {
    databases = [await createDatabase(), await createDatabase()];
  });
  afterEach(() => Promise.all(databases.map((database) => database.drop())));

  const projects = fc.sample(runnable, { numRuns: sizeOf('runKnexfiles'), seed: SEED });
  it.each(projects.map((project, number) => [number, project] as const))(
    'project %i leaves the same tables and history (US10)',
    async (_, drawn) => {
      const [ofKnex, ofKnexward] = databases;
      const knex = await migrate(drawn, ofKnex, 'knex');
      const own = await migrate(drawn, ofKnexward, 'knexward');
      expect({ ...own, drawn }).toEqual({ ...knex, drawn });
      expect(knex.code).toBe(0);
    },
  );

  async function migrate(drawn: RunnableProject, database: TestDatabase, tool: string) {
    const project = createProject(drawn.files);
    try {
      const variables = { ...drawn.variables, ...variablesOf(database) };
      const { code, stderr } =
        tool === 'knex'
          ? await project.node([KNEX_CLI, 'migrate:latest', ...drawn.args], variables)
          : await project.knexward(['up', ...drawn.args], variables);
      return { code, stderr: code === 0 ? '' : stderr, ...(await contentOf(drawn, database)) };
    } finally {
      project.remove();
    }
  }
});

function variablesOf({ url, name }: TestDatabase): Record<string, string> {
  const { hostname, port, username, password } = new URL(url);
  return {
    ...{ DB_URL: url, DB_HOST: hostname, DB_PORT: port },
    ...{ DB_USER: username, DB_PASSWORD: decodeURIComponent(password), DB_NAME: name },
  };
}

/** Tables and columns, and the history in the order of its rows. */
async function contentOf({ history }: RunnableProject, database: TestDatabase) {
  const columns = await database.query(
    `select table_schema, table_name, column_name, data_type from information_schema.columns
      where table_schema not in ('pg_catalog', 'information_schema')
        and table_name not like 'knexward%' and table_name not like '%knexward_journal'
      order by 1, 2, ordinal_position`,
  );
  const [found] = await database.query<{ made: boolean }>(
    'select to_regclass($1) is not null as made',
    [history],
  );
  const rows = found?.made
    ? await database.query(`select name, batch from ${history} order by id`)
    : 'no history';
  return { columns, rows };
}
