import { join } from 'node:path';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Project, REPOSITORY } from '../support/project';

const seed = (name: string): string =>
  `exports.seed = (knex) => knex('seeded').insert({ name: '${name}' });`;

describe('knexward seed', () => {
  let database: TestDatabase;
  let project: Project;
  const withSeeds = (seeds: string): string =>
    KNEXFILE.replace('migrations:', `seeds: ${seeds}, migrations:`);
  const knexward = (...args: string[]) =>
    project.knexward(args, { TEST_DATABASE_URL: database.url });
  const knex = (...args: string[]) =>
    project.node([join(REPOSITORY, 'node_modules/knex/bin/cli.js'), ...args], {
      TEST_DATABASE_URL: database.url,
    });
  const seeded = async (): Promise<string[]> => {
    const rows = await database.query<{ name: string }>('select name from seeded order by id');
    await database.query('truncate seeded');
    return rows.map(({ name }) => name);
  };

  beforeEach(async () => {
    database = await createDatabase();
    await database.query('create table seeded (id serial, name text)');
    project = createProject({
      'knexfile.js': KNEXFILE,
      'seeds/02_b.js': seed('b'),
      'seeds/01_a.js': seed('a'),
      'seeds/more/03_c.js': seed('c'),
      'seeds/notes.txt': 'no seed',
      'other/00_z.js': seed('z'),
    });
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
  });

  it.each([
    ['the default folder', 'undefined', []],
    ['sub-folders too', '{ recursive: true }', []],
    ['two folders', "{ directory: ['./seeds', './other'] }", []],
    ['two, each for itself', "{ directory: ['./seeds', './other'], sortDirsSeparately: true }", []],
    ['one file', '{}', ['--specific', '02_b.js']],
    [
      'a source of the project',
      "{ seedSource: { getSeeds: async () => ['y', 'x'], getSeed: async (name) => ({ seed: (knex) => knex('seeded').insert({ name }) }) } }",
      [],
    ],
  ])('%s: the same rows in the same order as knex seed:run (US10)', async (_, seeds, args) => {
    project.write({ 'knexfile.js': withSeeds(seeds) });
    const asKnex = await knex('seed:run', ...args);
    const expected = await seeded();
    expect([asKnex.code, expected.length > 0]).toEqual([0, true]);
    for (const word of ['seed', 'seed:run']) {
      const { code, stdout } = await knexward(word, ...args);
      expect([code, await seeded()]).toEqual([0, expected]);
      expect(stdout).toMatch(
        /^Using environment: development\nUsing database: .*\nRan \d seed files\n$/,
      );
      expect(asKnex.stdout).toContain(/Ran \d seed files/.exec(stdout)?.[0]);
    }
  });

  it('--json has the files; TypeScript is loaded', async () => {
    project.write({
      'knexfile.js': withSeeds("{ directory: './ts' }"),
      'ts/a.ts': `import { type Knex } from 'knex';
        export async function seed(knex: Knex): Promise<void> { await knex('seeded').insert({ name: 'ts' }); }`,
    });
    expect((await knexward('seed', '--json')).json()).toMatchObject({ ran: ['ts/a.ts'] });
    expect(await seeded()).toEqual(['ts']);
  });

  it('says which seed failed and what stays', async () => {
    project.write({
      'seeds/02_b.js': "exports.seed = (knex) => knex('nowhere').insert({ a: 1 });",
    });
    const { code, stderr } = await knexward('seed');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^SEED_FAILED .*02_b\.js/)]);
    expect(stderr).toContain('What ran before it stays');
    expect(await seeded()).toEqual(['a']);
  });

  it('a folder or a file that is not there is an error, and nothing runs', async () => {
    const specific = await knexward('seed', '--specific', 'nowhere.js');
    expect([specific.code, specific.stderr]).toEqual([1, expect.stringContaining('nowhere.js')]);
    project.write({ 'knexfile.js': withSeeds("{ directory: './nowhere' }") });
    const folder = await knexward('seed');
    expect([folder.code, folder.stderr]).toEqual([
      1,
      expect.stringContaining('knexward seed:make'),
    ]);
    expect(await seeded()).toEqual([]);
  });

  it('asks in production (SC-002)', async () => {
    project.write({ 'knexfile.js': KNEXFILE.replace('development:', 'production:') });
    const asked = await knexward('seed', '-e', 'production');
    expect([asked.code, asked.stderr]).toEqual([
      2,
      expect.stringContaining('CONFIRMATION_REQUIRED'),
    ]);
    expect(await seeded()).toEqual([]);
    expect((await knexward('seed', '-e', 'production', '--yes')).code).toBe(0);
    expect(await seeded()).toEqual(['a', 'b']);
  });

  it('seed:make writes what Knex writes, and never overwrites', async () => {
    const { stdout } = await knexward('seed:make', 'users');
    expect(stdout).toMatch(/Created seed file: seeds\/users\.js\n$/);
    const written = project.read('seeds/users.js');
    await knex('seed:make', 'by_knex');
    expect(written).toBe(project.read('seeds/by_knex.js'));
    project.write({ 'seeds/users.js': 'mine' });
    const again = await knexward('seed:make', 'users');
    expect([again.code, project.read('seeds/users.js')]).toEqual([2, 'mine']);
    expect((await knexward('seed:make', '../users')).code).toBe(2);
    const stamped = await knexward('seed:make', 'users', '--timestamp-filename-prefix', '-x', 'ts');
    expect(stamped.stdout).toMatch(/seeds\/\d{14}_users\.ts\n$/);
    project.write({ 'stubs/s.js': '// from a stub' });
    expect((await knexward('seed:make', 'stubbed', '--stub', './stubs/s.js')).code).toBe(0);
    expect(project.read('seeds/stubbed.js')).toBe('// from a stub');
  });
});
