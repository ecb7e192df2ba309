import { KnexSideBySide, LATEST, ROLLBACK } from '../support/knex-side-by-side';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Project } from '../support/project';

const table = (name: string): string => `
exports.up = (knex) => knex.schema.createTable('${name}', (table) => { table.increments(); });
exports.down = (knex) => knex.schema.dropTable('${name}');
`;
const esTable = (name: string): string => table(name).replaceAll('exports.', 'export const ');

const STATUS = { knex: ['migrate:status'], knexward: ['status'] };

const withMigrations = (entries: string) =>
  KNEXFILE.replace("migrations: { directory: './migrations' }", `migrations: { ${entries} }`);

const CLASS = `
class Migration {
  constructor() { this.table = 'of_a_class'; }
  up(knex) { return knex.schema.createTable(this.table, (table) => { table.increments(); }); }
  down(knex) { return knex.schema.dropTable(this.table); }
}
`;
const SOURCE = (name: string) => `migrationSource: {
  getMigrations: async () => ['b', 'a'],
  getMigrationName: (migration) => ${name},
  getMigration: async (migration) => ({
    up: (knex) => knex.schema.createTable('from_' + migration, (table) => { table.increments(); }),
    down: (knex) => knex.schema.dropTable('from_' + migration),
  }),
}`;

const PROJECTS: Record<string, Record<string, string>> = {
  'a helper that is an .mjs file': {
    'knexfile.js': KNEXFILE,
    'migrations/1_a.js': table('a'),
    'migrations/helper.mjs': 'throw new Error("a helper was loaded");',
  },
  'files of other extensions': {
    'knexfile.js': KNEXFILE,
    'migrations/1_a.cjs': table('a'),
    'migrations/2_b.mts': 'no migration',
    'migrations/README.md': '',
    'migrations/3_c.json': '{}',
  },
  'loadExtensions with .mjs': {
    'knexfile.js': withMigrations("loadExtensions: ['.mjs']"),
    'migrations/1_a.js': 'throw new Error("loaded");',
    'migrations/2_b.mjs': esTable('b'),
  },
  'a SQL file that a migration reads itself': {
    'knexfile.js': withMigrations("loadExtensions: ['.js']"),
    'migrations/1_a.js': `
      const sql = require('fs').readFileSync(__dirname + '/1_a.up.sql', 'utf8');
      exports.up = (knex) => knex.raw(sql); exports.down = (knex) => knex.raw('drop table a');`,
    'migrations/1_a.up.sql': 'create table a (id int)',
    'migrations/2_other.up.sql': 'no SQL at all',
    'migrations/3_alone.down.sql': 'no SQL at all',
  },
  'the same without loadExtensions': {
    'knexfile.js': KNEXFILE,
    'migrations/1_a.js': `
      const sql = require('fs').readFileSync(__dirname + '/1_a.up.sql', 'utf8');
      exports.up = (knex) => knex.raw(sql); exports.down = (knex) => knex.raw('drop table a');`,
    'migrations/1_a.up.sql': 'create table a (id int)',
    'migrations/1_a.down.sql': 'drop table a',
  },
  'functions inherited from a class': {
    'knexfile.js': KNEXFILE,
    'migrations/1_a.js': `${CLASS} module.exports = new (class extends Migration {})();`,
    'migrations/2_b.js':
      'module.exports = Object.create(require("./1_a.js"), { table: { value: "b" } });',
  },
  'what TypeScript compiles': {
    'knexfile.js': KNEXFILE,
    'migrations/1_a.js': `"use strict"; Object.defineProperty(exports, "__esModule", { value: true });${table('a')}`,
  },
  'an ES module whose default export is something else': {
    'package.json': '{"type": "module"}',
    'knexfile.js': KNEXFILE.replace('module.exports =', 'export default'),
    'migrations/1_a.js': `${esTable('a')} export default { up() { throw new Error('the wrong one'); } };`,
  },
  'folders that are sorted one by one': {
    'knexfile.js': withMigrations("directory: ['./m', './n'], sortDirsSeparately: true"),
    'm/2_b.js': table('b'),
    'n/1_a.js': table('a'),
  },
  'folders that are sorted together': {
    'knexfile.js': withMigrations("directory: ['./m', './n']"),
    'm/2_b.js': table('b'),
    'n/1_a.js': table('a'),
  },
  'a migration source with names of its own': {
    'knexfile.js': withMigrations(SOURCE("'./x/' + migration")),
  },
  'a migration source that begins its names with "./"': {
    'knexfile.js': withMigrations(SOURCE("'./' + migration + '.js'")),
  },
  'a migration source beside a directory, which counts': {
    'knexfile.js': withMigrations(`${SOURCE('migration')}, directory: './migrations'`),
    'migrations/1_a.js': table('a'),
  },
};

describe("a project's files under Knex and under knexward", () => {
  test.each(Object.entries(PROJECTS))('%s', async (_name, files) => {
    const sides = await KnexSideBySide.create(files);
    try {
      const { history } = await sides.both(LATEST);
      expect(history).not.toEqual([]);
      await sides.both(STATUS);
      await sides.both(ROLLBACK);
      // By turns on one database: what one has recorded, the other finds in order.
      await sides.knexward(['up'], sides.real);
      await sides.knex(['migrate:latest'], sides.own);
      await sides.same();
      const [over] = [await sides.knex(['migrate:list'])];
      expect(over.stdout).toContain('No Pending Migration files Found');
      await sides.knex(['migrate:rollback'], sides.own);
      await sides.knexward(['down'], sides.real);
      expect((await sides.same()).history).toEqual([]);
    } finally {
      await sides.remove();
    }
  });
});

describe('what Knex cannot use either', () => {
  let database: TestDatabase;
  let project: Project;
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });
  const up = () => project.knexward(['up'], { TEST_DATABASE_URL: database.url });

  test.each([
    ['migrationSource: {}', 'KNEXFILE_BROKEN', 'has no method getMigrations'],
    [
      SOURCE('migration').replace("['b', 'a']", 'undefined'),
      'KNEXFILE_BROKEN',
      'returns something other than an array from getMigrations',
    ],
    [SOURCE('undefined'), 'KNEXFILE_BROKEN', 'getMigrationName, which is not a name'],
    [
      SOURCE('migration').replace("['b', 'a']", "{ throw new Error('on purpose'); }"),
      'KNEXFILE_BROKEN',
      'fails in getMigrations: Error: on purpose',
    ],
    [
      SOURCE('migration').replace(/getMigration: .*/s, 'getMigration: async () => undefined }'),
      'INVALID_MIGRATION',
      'The migration b of the knexfile',
    ],
  ])('a broken migration source is told: %s', async (entries, code, message) => {
    project = createProject({ 'knexfile.js': withMigrations(entries) });
    const { code: exit, stderr } = await up();
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: expect.stringContaining(message) as string,
    });
    expect(stderr).toContain(code);
  });

  test('a default export alone is refused, as the file would be by Knex', async () => {
    project = createProject({
      'package.json': '{"type": "module"}',
      'knexfile.js': KNEXFILE.replace('module.exports =', 'export default'),
      'migrations/1_a.js': 'export default { up: async () => {}, down: async () => {} };',
    });
    const { code, stderr } = await up();
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('has its "up" in a default export') as string,
    });
  });

  test('a row "./x.js" stands for the file x.js: it does not run again', async () => {
    project = createProject({ 'knexfile.js': KNEXFILE, 'migrations/1_a.js': table('a') });
    await up();
    await database.query("update knex_migrations set name = './1_a.js'");
    expect(await up()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Already up to date') as string,
    });
  });
});
