import { join } from 'node:path';
import { inOwnWords } from '../../src/cli/knex-words';
import { createDatabase, type TestDatabase } from '../support/database';
import {
  createProject,
  KNEXFILE,
  type Outcome,
  type Project,
  REPOSITORY,
} from '../support/project';

const NAMES = ['a', 'b', 'c', 'd'].map((name, index) => `2026010${index + 1}000000_${name}.js`);
const [A = '', B = '', C = ''] = NAMES;
const MIGRATIONS = Object.fromEntries(
  NAMES.map((name) => [
    `migrations/${name}`,
    'exports.up = async () => {}; exports.down = async () => {};',
  ]),
);

describe("Knex's words mean what they mean in Knex", () => {
  let databases: [TestDatabase, TestDatabase];
  let project: Project;

  beforeEach(async () => {
    databases = [await createDatabase(), await createDatabase()];
    project = createProject({ 'knexfile.js': KNEXFILE, ...MIGRATIONS });
  });
  afterEach(async () => {
    project.remove();
    for (const database of databases) await database.drop();
  });

  const knex = (...args: string[]): Promise<Outcome> =>
    project.node([join(REPOSITORY, 'node_modules/knex/bin/cli.js'), ...args], {
      TEST_DATABASE_URL: databases[0].url,
    });
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: databases[1].url });

  /** The history as Knex and as knexward has made it. */
  const histories = () =>
    Promise.all(
      databases.map((database) =>
        database
          .query<{ name: string; batch: number }>(
            'select name, batch from knex_migrations order by id',
          )
          .catch(() => []),
      ),
    );

  it.each([
    ['latest', [['migrate:latest']]],
    ['up, one at a time', [['migrate:up'], ['migrate:up']]],
    ['up of a name: that one alone', [['migrate:up', B]]],
    [
      'up of a name that is applied',
      [
        ['migrate:up', B],
        ['migrate:up', B],
      ],
    ],
    ['to a name', [['migrate:to', C]]],
    ['down, one at a time', [['migrate:latest'], ['migrate:down'], ['migrate:down']]],
    ['down of a name: that one alone', [['migrate:latest'], ['migrate:down', B]]],
    ['rollback of the last batch', [['migrate:up'], ['migrate:latest'], ['migrate:rollback']]],
    ['rollback of all', [['migrate:up'], ['migrate:latest'], ['migrate:rollback', '--all']]],
    ['flags before the word', [['--env', 'development', 'migrate:latest', '--verbose']]],
    ['--knexfile=path', [['migrate:latest', '--knexfile=knexfile.js', '--esm', '--client', 'pg']]],
  ] satisfies [string, string[][]][])('%s (US10, SC-004)', async (_, calls) => {
    for (const call of calls) {
      const asKnex = await knex(...call.filter((word) => word !== '--esm'));
      const asKnexward = await knexward(...call);
      expect([call, asKnexward.stderr, asKnexward.code]).toEqual([call, asKnexward.stderr, 0]);
      expect(asKnex.code).toBe(0);
      const [own, theirs] = await histories();
      expect(theirs).toEqual(own);
    }
  });

  it('names that Knex does not know are none here either; nothing is changed (US10)', async () => {
    await knex('migrate:up');
    await knexward('migrate:up');
    const before = await histories();
    for (const call of [
      ['migrate:up', 'nowhere.js'],
      ['migrate:down', 'nowhere.js'],
      ['migrate:to', 'nowhere.js'],
      ['migrate:down', B],
    ]) {
      expect([call, (await knex(...call)).code]).toEqual([call, 1]);
      expect([call, (await knexward(...call)).code]).toEqual([call, 2]);
    }
    expect(await histories()).toEqual(before);
  });

  it('currentVersion says the same as in Knex, with and without migrate: (US10)', async () => {
    const versions = async (): Promise<string[]> => {
      const said = [
        await knex('migrate:currentVersion'),
        await knexward('migrate:currentVersion'),
        await knexward('currentVersion'),
      ];
      return said.map(({ stdout }) => /Current Version: (\S+)/.exec(stdout)?.[1] ?? stdout);
    };
    expect(await versions()).toEqual(['none', 'none', 'none']);
    expect((await knexward('currentVersion', '--json')).json()).toMatchObject({
      currentVersion: null,
    });
    await knex('migrate:up', C);
    await knexward('migrate:up', C);
    expect(await versions()).toEqual(['20260103000000', '20260103000000', '20260103000000']);
    expect((await knexward('currentVersion', '--json')).json()).toMatchObject({
      currentVersion: '20260103000000',
    });
  });

  it('list and status tell, unlock frees, make writes one, with and without migrate: (US10)', async () => {
    for (const word of ['list', 'migrate:list', 'status', 'migrate:status']) {
      expect((await knexward(word, '--json')).json()).toMatchObject({ pending: { length: 4 } });
    }
    await knexward('latest');
    for (const word of ['unlock', 'migrate:unlock']) {
      await databases[1].query('update knex_migrations_lock set is_locked = 1');
      expect((await knexward(word, '--yes')).code).toBe(0);
      const rows = await databases[1].query('select is_locked from knex_migrations_lock');
      expect(rows).toEqual([{ is_locked: 0 }]);
    }
    for (const word of ['make', 'migrate:make']) {
      const { code, stdout } = await knexward(word, `by_${word.replace(':', '_')}`, '-x', 'ts');
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(/^Created Migration: migrations\/\d+_by_.*\.ts\n$/),
      ]);
    }
    await knexward('rollback', '--all');
    expect(await databases[1].query('select from knex_migrations')).toEqual([]);
  });

  it('rollback asks in production, as down does (SC-002)', async () => {
    await knexward('latest');
    const env = { TEST_DATABASE_URL: databases[1].url, NODE_ENV: 'production' };
    project.write({ 'knexfile.js': KNEXFILE.replace('development:', 'production:') });
    const outcome = await project.knexward(['migrate:rollback'], env);
    expect([outcome.code, outcome.stderr]).toEqual([
      2,
      expect.stringMatching(/^CONFIRMATION_REQUIRED/) as string,
    ]);
  });

  it.each([
    [['migrate:latest', '--disable-transactions'], /--disable-transactions.*transaction: false/s],
    [['migrate:latest', '--debug'], /--debug.*--log-level debug/s],
    [['--migrations-directory', 'db', 'migrate:latest'], /migrations\.directory in the knexfile/],
    [['migrate:latest', '--migrations-table-name=x'], /migrations\.tableName in the knexfile/],
    [['up', '--knexpath', 'x'], /the project's own Knex/],
    [['migrate:make', 'x', '--stub', 'y'], /migrations.stub/],
    [['migrate:currentVersion', '--verbose'], /Knex's --verbose/],
    [['migrate:latest', '--client', 'mysql2'], /PostgreSQL only/],
    [['migrate:latest', '--client=sqlite3'], /PostgreSQL only/],
    [['latest', A], /"latest" takes no name.*up 20260101000000_a\.js/s],
    [['migrate:rollback', A], /takes no name/],
    [['up', '--only'], /--only needs the name/],
    [['down', '--only'], /--only needs the name/],
    [['create', 'x', '-x', 'coffee'], /Allowed choices are ts, js, mjs, cjs, sql/],
    [['create', 'x', '-x', 'ts', '--js'], /only one of them/],
  ])('%j is refused by name, and changes nothing (US10)', async (args, says) => {
    const { code, stderr, stdout } = await knexward(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(says);
    expect(await databases[1].query("select to_regclass('knex_migrations') as table")).toEqual([
      { table: null },
    ]);
  });
});

describe('the words of other tools are answered', () => {
  const project = createProject({});
  afterAll(() => project.remove());

  it.each([
    ['deploy', 'knexward up'],
    ['migrate', 'knexward up'],
    ['migrate dev', 'knexward create <name>'],
    ['migrate reset', 'knexward reset'],
    ['new add_users', 'knexward create <name>'],
    ['generate', 'knexward create <name>'],
    ['dump', 'knexward snapshot'],
    ['push', 'knexward create <name>'],
    ['db:migrate', 'knexward up'],
    ['db:rollback', 'knexward down --count 1'],
    ['db:seed', 'knexward seed'],
    ['run', 'knexward up'],
    ['revert', 'knexward down --count 1'],
    ['undo', 'knexward down --count 1'],
    ['check', 'knexward up --dry-run'],
    ['sync', 'knexward up <name>" or "knexward down <name>'],
    ['info', 'knexward status'],
    ['up:tenant', 'knexward up --scope tenant'],
    ['migrate:before x', 'knexward up <name>'],
  ])('%s: %s', async (word, says) => {
    const { code, stderr } = await project.knexward(word.split(' '));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^USAGE knexward has no command/);
    expect(stderr).toContain(`Use "${says}`);
  });

  it('with the options of the call (FR-016)', async () => {
    const { stderr } = await project.knexward(['deploy', '-e', 'production', '--cwd', 'a b']);
    expect(stderr).toContain(`"knexward up --env production --cwd 'a b'"`);
  });

  it.each([
    ['stauts', 'status'],
    ['migrate:lattest', 'migrate:latest'],
    ['rolback', 'rollback'],
    ['crate', 'create'],
  ])('a misspelt word, %s, is answered with the one that is like it', async (word, meant) => {
    const { code, stderr } = await project.knexward([word]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`Did you mean ${meant}?`)]);
  });

  it('a word that no tool has is told as unknown', async () => {
    const { code, json } = await project.knexward(['frobnicate', '--json']);
    expect([code, json()]).toEqual([
      2,
      expect.objectContaining({
        error: expect.objectContaining({
          code: 'USAGE',
          message: "unknown command 'frobnicate'",
        }) as object,
      }),
    ]);
  });
});

describe('a call in our own words is left as it was typed', () => {
  it.each([
    [['up', '-c', '1', '--json']],
    [['plan', '-o', 'x.sql', 'name']],
    [['create', '--', '--debug']],
    [['--help']],
    [['help', 'up']],
    [['resolve', 'latest', '--applied']],
    [['up', '--env', '--debug']],
    [[]],
  ])('%j', (words) => expect(inOwnWords(words)).toEqual(words));

  it.each([
    ['-e production resolve OLD --renamed-to NEW', 'resolve -e production OLD --renamed-to NEW'],
    ['-e p plan NAME --output f.sql', 'plan -e p NAME --output f.sql'],
    ['-e p adopt --time-zone X --table y', 'adopt -e p --time-zone X --table y'],
  ])('options before the command keep their values: %s', (said, own) => {
    expect(inOwnWords(said.split(' ')).join(' ')).toBe(own);
  });

  it('migrate:to needs a name, and applies nothing without one', () => {
    expect(() => inOwnWords(['migrate:to'])).toThrow('"migrate:to" needs a name');
  });

  it('options may stand before the command', () =>
    expect(inOwnWords(['--env', 'production', 'up', 'x'])).toEqual([
      ...['up', '--env', 'production', 'x'],
    ]));
});
