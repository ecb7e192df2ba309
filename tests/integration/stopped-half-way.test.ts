import { createDatabase, type TestDatabase } from '../support/database';
import { complaintsOf } from '../support/json-schemas';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const A = '20260101000000_a.js';
const B = '20260101000001_b.up.sql';

describe('a command of two parts, whose second an error stops (FR-016)', () => {
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

  /** Reverted, it leaves nothing to apply again. */
  const BREAKS_ITSELF = `
    exports.up = (knex) => knex.raw('create table a (id int)');
    exports.down = async (knex) => {
      await knex.raw('drop table a');
      require('node:fs').rmSync(__dirname, { recursive: true });
    };`;

  it('redo: one document has the error, and what was reverted', async () => {
    project.write({ [`migrations/${A}`]: BREAKS_ITSELF });
    expect((await knexward('up')).code).toBe(0);
    const redo = await knexward('redo', '--json');
    expect(redo.stdout.trim().split('\n')).toHaveLength(1);
    const document = redo.json();
    expect(document).toMatchObject({
      down: { batch: 1, done: [{ name: A }], failed: null },
      up: null,
      error: { code: 'MIGRATIONS_FOLDER' },
    });
    expect(complaintsOf('redo', document)).toEqual([]);
    expect(redo.code).toBe(2);
  });

  it('reset: one document has the error, and which database was made anew', async () => {
    project.write({ [`migrations/${A}`]: 'exports.up = ' });
    const reset = await knexward('reset', '--yes', '--json', '--force');
    const document = reset.json();
    expect(document).toMatchObject({
      reset: database.name,
      up: null,
      error: { code: 'INVALID_MIGRATION' },
    });
    expect(complaintsOf('reset', document)).toEqual([]);
    expect(reset.code).toBe(2);
  });

  it('a .down.sql that is changed after the plan was made: what runs is what it was (US7)', async () => {
    project.write({
      [`migrations/${B}`]: 'create table b (id int);',
      'migrations/20260101000001_b.down.sql': 'drop table b;',
      'migrations/20260101000002_c.js': `
        exports.up = (knex) => knex.raw('create table c (id int)');
        exports.down = async (knex) => {
          require('node:fs').writeFileSync(__dirname + '/20260101000001_b.down.sql', 'drop table kept;');
          await knex.raw('drop table c');
        };`,
    });
    await database.query('create table kept (id int)');
    expect((await knexward('up')).code).toBe(0);
    expect((await knexward('down', '--all')).code).toBe(0);
    expect(
      await database.query(`select to_regclass('kept') is not null as kept, to_regclass('b') as b`),
    ).toEqual([{ kept: true, b: null }]);
  });

  it('what PostgreSQL has no character for, in an error: the journal has its failure (FR-017)', async () => {
    project.write({
      [`migrations/${A}`]: `exports.up = async (knex) => { await knex.raw('select 1'); throw new Error('a\\0b \\ud800 c'); };`,
    });
    const up = await knexward('up');
    expect(up.code).toBe(1);
    expect(up.stderr).not.toContain('NOT_IN_JOURNAL');
    expect(
      await database.query(
        `select details ->> 'message' as message from knexward_journal where event = 'failed'`,
      ),
    ).toEqual([{ message: 'a\uFFFDb \uFFFD c' }]);
  });
});
