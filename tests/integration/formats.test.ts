import { KnexSideBySide, LATEST, ROLLBACK } from '../support/knex-side-by-side';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Project } from '../support/project';

const knexTable = (name: string): string => `
exports.up = (knex) => knex.schema.createTable('${name}', (table) => { table.increments(); });
exports.down = (knex) => knex.schema.dropTable('${name}');
`;
const esTable = (name: string): string => knexTable(name).replaceAll('exports.', 'export const ');
const oldTable = (name: string): string => `
exports.up = (db) => db.createTable('${name}', { id: { type: 'int', primaryKey: true } });
exports.down = (db) => db.dropTable('${name}');
`;

const COMMONJS = {
  'package.json': '{"dependencies": {"knex": "^3.0.0", "pg": "^8.0.0"}}',
  'knexfile.js': KNEXFILE,
  'migrations/20240101000000-users.js': knexTable('users'),
  'migrations/20240101000001-add-teams.js': knexTable('teams'),
  'migrations/20240101000002_roles.js': knexTable('roles'),
};
const ES_MODULES = {
  'package.json': '{"type": "module", "dependencies": {"knex": "^3.0.0"}}',
  'knexfile.js': KNEXFILE.replace('module.exports =', 'export default'),
  'migrations/20240101000000-users.js': esTable('users'),
  'migrations/20240101000001-teams.js': esTable('teams'),
};

describe("Knex's own files with hyphens in their names", () => {
  test.each([
    ['CommonJS', COMMONJS],
    ['ES modules', ES_MODULES],
  ])('a project of %s comes to the same under Knex and under knexward', async (_kind, files) => {
    const sides = await KnexSideBySide.create(files);
    try {
      const { history } = await sides.both(LATEST);
      expect(history).toHaveLength(Object.keys(files).length - 2);
      await sides.both(ROLLBACK);
      await sides.both(LATEST);
      const { applied } = (await sides.knexward(['status', '--json'])).json<{
        applied: { origin: string }[];
      }>();
      expect(new Set(applied.map(({ origin }) => origin))).toEqual(new Set(['knex']));
    } finally {
      await sides.remove();
    }
  });
});

describe('the format of a file whose name has a hyphen', () => {
  let database: TestDatabase;
  let project: Project;
  const up = (...args: string[]) =>
    project.knexward(['up', ...args], { TEST_DATABASE_URL: database.url });
  const OLD = 'migrations/20150101000000-old.js';

  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  const withKnexward = (entry: string) =>
    KNEXFILE.replace('migrations: {', `knexward: { ${entry} }, migrations: {`);

  test.each<[string, Record<string, string>]>([
    ['database.json', { 'database.json': '{}', 'knexfile.js': KNEXFILE }],
    ['.db-migraterc', { '.db-migraterc': '{}', 'knexfile.js': KNEXFILE }],
    [
      'a dependency on db-migrate',
      { 'package.json': '{"dependencies":{"db-migrate":"^0.11"}}', 'knexfile.js': KNEXFILE },
    ],
    ['knexward.dbMigrate', { 'knexfile.js': withKnexward('dbMigrate: {}') }],
    ['knexward.formats', { 'knexfile.js': withKnexward("formats: { migrations: 'db-migrate' }") }],
    ['a folder "sqls"', { 'migrations/sqls/20150101000000-x-up.sql': '', 'knexfile.js': KNEXFILE }],
    [
      'the migration source of an adopted knexfile',
      {
        'knexfile.js': KNEXFILE.replace(
          "directory: './migrations'",
          "migrationSource: require('knexward').migrationSource({ directory: './migrations' })",
        ),
      },
    ],
    [
      "a file that calls db-migrate's functions",
      {
        'knexfile.js': KNEXFILE,
        'migrations/20140101000000-first.js':
          'exports.setup = (options, seedLink) => undefined; exports.up = (db) => db.runSql("select 1");',
      },
    ],
  ])("is db-migrate's where there is: %s", async (_trace, files) => {
    project = createProject({ ...files, [OLD]: oldTable('old') });
    const { code, stderr } = await up();
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) as string });
    expect(await database.query('select from old')).toEqual([]);
  });

  test("a db-migrate's file in a Knex project is refused before anything runs", async () => {
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20140101000000-first.js': knexTable('first'),
      [OLD]: `exports.setup = () => undefined; exports.up = (db) => db.insert('first', ['id'], [1]);`,
    });
    const { code, stderr } = await up();
    expect(code).toBe(2);
    expect(stderr).toContain("knexward: { formats: { 'migrations': 'db-migrate' } }");
    expect(await database.query("select to_regclass('first') as made")).toEqual([{ made: null }]);
  });

  test.each([
    ["Knex's under db-migrate's", 'db-migrate', knexTable('a'), "'knex'"],
    ["db-migrate's under Knex's", 'knex', oldTable('a').replaceAll('db', 'driver'), "'db-migrate'"],
  ])('the error of a file of %s interface names knexward.formats', async (_k, taken, body, say) => {
    project = createProject({
      'knexfile.js': taken === 'knex' ? KNEXFILE : withKnexward('dbMigrate: {}'),
      'db/migrations/20240101000000-a.js': body,
    });
    project.write({
      'knexfile.js': project.read('knexfile.js').replace("'./migrations'", "'./db/migrations'"),
    });
    const { code, stderr } = await up();
    expect(code).toBe(1);
    expect(stderr).toContain(`knexward: { formats: { 'db/migrations': ${say} } }`);
  });
});
