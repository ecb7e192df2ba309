import { createHash } from 'node:crypto';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const NAME = '20260101000000_rooms';
const WITH_SOURCE = `const { migrationSource } = require('knexward');
module.exports = { client: 'pg', connection: process.env.TEST_DATABASE_URL,
  migrations: { migrationSource: migrationSource({ directory: './migrations' }) } };`;
/** Not allowed inside a transaction. */
const OUTSIDE = '-- knexward: no-transaction\nvacuum pg_class;\n';

describe('a SQL file that begins with a byte order mark', () => {
  let database: TestDatabase;
  let project: Project;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });

  beforeEach(async () => {
    database = await createDatabase();
    project = createProject({ 'knexfile.js': KNEXFILE });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it.each([
    ['\\n', '\n'],
    ['\\r\\n', '\r\n'],
  ])('goes up and down; its checksum is that of its bytes: %s (FR-001, FR-008)', async (_, end) => {
    const up = `\uFEFFcreate table rooms (id int);\n-- a room\n`.replaceAll('\n', end);
    project.write({
      [`migrations/${NAME}.up.sql`]: up,
      [`migrations/${NAME}.down.sql`]: `\uFEFFdrop table rooms;\n`.replaceAll('\n', end),
    });
    const { stderr, code } = await knexward('up');
    expect({ stderr, code }).toMatchObject({ code: 0 });
    const checksum = createHash('sha256').update(up).digest('hex');
    expect(await database.query('select checksum from knexward_journal')).toEqual([{ checksum }]);
    expect((await knexward('status', '--json')).json()).toMatchObject({ problems: [] });
    expect(await knexward('down')).toMatchObject({ code: 0 });
    expect(await database.query("select to_regclass('rooms') as rooms")).toEqual([{ rooms: null }]);
  });

  it.each([
    ['\\n', OUTSIDE],
    ['\\r\\n', OUTSIDE.replaceAll('\n', '\r\n')],
  ])('its first line may opt out of the transaction: %s (FR-006)', async (_, sql) => {
    project.write({ [`migrations/${NAME}.up.sql`]: `\uFEFF${sql}` });
    const { stderr, code } = await knexward('up');
    expect({ stderr, code }).toMatchObject({ code: 0 });
  });

  it("runs with Knex's own command line too, through our source (US10)", async () => {
    project.write({
      'knexfile.js': WITH_SOURCE,
      [`migrations/${NAME}.up.sql`]: '\uFEFFcreate table rooms (id int);',
      [`migrations/${NAME}.down.sql`]: '\uFEFFdrop table rooms;',
    });
    const env = { TEST_DATABASE_URL: database.url };
    for (const command of ['migrate:latest', 'migrate:rollback']) {
      expect(await project.node(['node_modules/knex/bin/cli.js', command], env)).toMatchObject({
        code: 0,
      });
    }
  });

  it('an error in it names the right place (FR-014)', async () => {
    project.write({ [`migrations/${NAME}.up.sql`]: '\uFEFFselect 1;\nselect wrong;\n' });
    expect((await knexward('up', '--json')).json()).toMatchObject({
      failed: { line: 2, statement: 'select 1;\nselect wrong;\n', position: 18 },
    });
  });
});
