import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Outcome, type Project } from '../support/project';
import { WHOLE, SEED } from '../support/sizes';

/** Values, as JavaScript; each is of another kind. */
const VALUES: Record<string, string> = {
  text: "'zz'",
  number: '5',
  negative: '-1.5',
  nan: 'NaN',
  boolean: 'true',
  list: '[]',
  listOfNumbers: '[5]',
  object: '{}',
  objectOfOthers: "{ zz: 'zz' }",
  bare: 'Object.create(null)',
  function: '() => { throw null; }',
  symbol: "Symbol('zz')",
  bigint: '5n',
  getter: 'GETTER',
};
type Value = keyof typeof VALUES;
const NUMBERS = ['number', 'negative'];
const TEXTS = ['text'];
const OBJECTS = ['object', 'objectOfOthers', 'bare'];
const LISTS = ['list', 'listOfNumbers'];

/** Each entry, and the values that are of its kind: those that mean nothing are refused all the same. */
const ENTRIES: Record<string, readonly Value[]> = {
  client: [...TEXTS, 'function'],
  dialect: TEXTS,
  version: TEXTS,
  ext: TEXTS,
  connection: [...TEXTS, ...OBJECTS, 'function'],
  connectionPool: OBJECTS,
  acquireConnectionTimeout: NUMBERS,
  wrapIdentifier: ['function'],
  postProcessResponse: ['function'],
  log: OBJECTS,
  userParams: OBJECTS,
  searchPath: [...TEXTS, 'list'],
  pool: OBJECTS,
  migrations: OBJECTS,
  seeds: OBJECTS,
  knexward: OBJECTS,
  ...Object.fromEntries(
    ['min', 'max', 'acquireTimeoutMillis', 'createTimeoutMillis', 'idleTimeoutMillis'].map(
      (name) => [`pool.${name}`, NUMBERS],
    ),
  ),
  'pool.afterCreate': ['function'],
  'pool.validate': ['function'],
  'migrations.directory': [...TEXTS, ...LISTS],
  'migrations.tableName': TEXTS,
  'migrations.schemaName': TEXTS,
  'migrations.extension': TEXTS,
  'migrations.loadExtensions': LISTS,
  'migrations.stub': TEXTS,
  'migrations.migrationSource': OBJECTS,
  'migrations.beforeAll': ['function'],
  'migrations.beforeEach': ['function'],
  'migrations.afterEach': ['function'],
  'migrations.afterAll': ['function'],
  'seeds.directory': [...TEXTS, ...LISTS],
  'seeds.loadExtensions': LISTS,
  'seeds.extension': TEXTS,
  'seeds.seedSource': OBJECTS,
  'seeds.specific': TEXTS,
  'seeds.stub': TEXTS,
  'seeds.variables': OBJECTS,
  'knexward.lockTimeout': ['number'],
  'knexward.statementTimeout': ['number'],
  'knexward.waitForLock': ['number'],
  'knexward.retries': ['number'],
  'knexward.embedded': ['text', 'boolean'],
  'knexward.shadow': [...TEXTS, ...OBJECTS, 'function'],
  'knexward.adopt': [],
  'knexward.checksums': [],
  'knexward.outOfOrder': [],
  'knexward.baseline': [],
  'knexward.production': ['object', 'bare'],
  'knexward.production.confirmDown': ['boolean'],
  'knexward.dbMigrate': ['object', 'bare'],
  'knexward.dbMigrate.table': TEXTS,
  'knexward.dbMigrate.schema': TEXTS,
  'knexward.formats': ['object', 'bare'],
};

/** A knexfile in which one entry has this value. */
function knexfileWith(entry: string, value: string): string {
  const path = entry.split('.');
  const last = path.pop() as string;
  const target = path.reduce((text, name) => `(${text}.${name} ??= {})`, 'config');
  const set =
    value === 'GETTER'
      ? `Object.defineProperty(${target}, '${last}', { enumerable: true, get() { throw null; } })`
      : `${target}.${last} = ${value}`;
  return `const config = { client: 'pg', connection: process.env.TEST_DATABASE_URL, acquireConnectionTimeout: 2000 };
${set};
module.exports = { development: config };`;
}

describe('odd configuration', () => {
  let database: TestDatabase;
  let project: Project;

  beforeAll(async () => {
    database = await createDatabase();
    project = createProject({ 'seeds/a.js': "exports.seed = (knex) => knex.raw('select 1');" });
  });
  afterAll(async () => {
    project.remove();
    await database.drop();
  });

  let turn = 0;
  const act = async (content: string, command: string[]): Promise<Outcome> => {
    const name = `migrations/2026010100${String(turn++).padStart(4, '0')}_a.js`;
    project.write({
      'knexfile.js': content,
      // Of another content each: else it is taken for a renamed one.
      [name]: `exports.up = (knex) => knex.schema.hasTable('a${turn}');`,
    });
    const outcome = await project.knexward(command, { TEST_DATABASE_URL: database.url });
    project.delete(name);
    return outcome;
  };

  const every = WHOLE ? 1 : 8;
  it.each(Object.keys(ENTRIES).filter((_, at) => (at + SEED) % every === 0))(
    '%s of each wrong kind: an error that names it; of its own kind: never INTERNAL',
    async (entry) => {
      const wrong: string[] = [];
      const commands = entry.startsWith('seeds') ? [['seed'], ['up']] : [['up'], ['status']];
      for (const [value, text] of Object.entries(VALUES)) {
        const fits = ENTRIES[entry]?.includes(value);
        for (const command of commands) {
          const { code, stdout, stderr } = await act(knexfileWith(entry, text), command);
          const told = `${command.join()} with ${entry}: ${text} → ${code} ${stderr.slice(0, 300)}`;
          if (/INTERNAL|TypeError: Cannot/.test(stdout + stderr)) wrong.push(told);
          else if (!fits && (code !== 2 || !stderr.includes(entry))) wrong.push(told);
        }
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );

  it.each([
    ['a list', "module.exports = [{ client: 'pg' }]"],
    ['the environment, a list', 'module.exports = { development: [] }'],
    ['the environment, a getter', "module.exports = { get development() { throw Symbol('no'); } }"],
  ])('%s: KNEXFILE_BROKEN, or no such environment', async (_, content) => {
    const { code, stderr } = await act(content, ['up']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^(KNEXFILE_BROKEN|UNKNOWN_ENVIRONMENT) .*(development|knexfile)/),
    ]);
  });

  it('the getter of another environment may throw', async () => {
    const content = `${knexfileWith('debug', 'false')}
Object.defineProperty(module.exports, 'production', { enumerable: true, get() { throw new Error('no secret'); } });`;
    expect((await act(content, ['up'])).code).toBe(0);
    const { code, stderr } = await act(content, ['up', '-e', 'production']);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^KNEXFILE_BROKEN .*production cannot be read: Error: no secret/),
    ]);
  });

  const THROWN = ['null', 'undefined', "Symbol('odd')", '{}', 'Object.create(null)', '5', "''"];

  it.each(THROWN)('a seed that throws %s has failed, and nothing is INTERNAL', async (thrown) => {
    project.write({ 'odd/a.js': `exports.seed = async () => { throw ${thrown}; };` });
    const content = knexfileWith('seeds', "{ directory: './odd' }");
    const { code, stderr } = await act(content, ['seed']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^SEED_FAILED .*\S\.\n/)]);
  });

  it.each(THROWN)(
    'a hook, a function of the pool or of the connection that throws %s',
    async (thrown) => {
      const hooks = ['beforeAll', 'beforeEach', 'afterEach', 'afterAll'].map(
        (name) => `migrations.${name}`,
      );
      for (const entry of [...hooks, 'pool.afterCreate', 'connection', 'knexward.shadow']) {
        const value = `async () => { throw ${thrown}; }`;
        const command = entry === 'knexward.shadow' ? ['plan'] : ['up'];
        const { code, stderr } = await act(knexfileWith(entry, value), command);
        expect([entry, code, stderr]).toEqual([
          entry,
          entry.startsWith('migrations') ? 1 : expect.any(Number),
          expect.not.stringMatching(/INTERNAL|TypeError/),
        ]);
        expect(code).not.toBe(0);
      }
    },
  );
});

describe('a knexfile that would end the process', () => {
  let database: TestDatabase;
  let project: Project;
  const CONFIG = "{ client: 'pg', connection: process.env.TEST_DATABASE_URL }";
  const LATER = `module.exports = new Promise((r) => setTimeout(() => r(${CONFIG}), 50000));`;

  beforeAll(async () => {
    database = await createDatabase();
    project = createProject({
      'migrations/20260101000000_a.js': "exports.up = (knex) => knex.raw('create table a ()');",
    });
  });
  afterAll(async () => {
    project.remove();
    await database.drop();
  });

  it.each([
    ['process.exit while it loads', `process.exit(0); module.exports = ${CONFIG};`],
    ['process.exit in its function', 'module.exports = async () => process.exit();'],
    ['process.exit in a timer', `setTimeout(() => process.exit(0), 1); ${LATER}`],
    [
      'a rejection that nobody waits for',
      `Promise.reject(new Error('stray')); module.exports = ${CONFIG};`,
    ],
    ['the same, of null', `Promise.reject(null); module.exports = ${CONFIG};`],
    [
      'the same, from a function',
      `module.exports = () => { (async () => { throw 1; })(); return ${CONFIG}; };`,
    ],
    ['an error in a timer', `setTimeout(() => { throw new Error('late'); }, 1); ${LATER}`],
  ])('%s: KNEXFILE_BROKEN in text and JSON, and nothing is run', async (_, content) => {
    project.write({ 'knexfile.js': content });
    for (const command of ['up', 'status', 'unlock']) {
      const run = (...more: string[]) =>
        project.knexwardProcess([command, ...more], { TEST_DATABASE_URL: database.url });
      const [text, json] = await Promise.all([run(), run('--json')]);
      expect([text.code, text.stderr]).toEqual([2, expect.stringMatching(/^KNEXFILE_BROKEN /)]);
      expect(text.stderr).not.toContain('StoppedByMigration');
      expect(json.json()).toMatchObject({ version: 1, error: { code: 'KNEXFILE_BROKEN' } });
    }
    expect(await database.query("select to_regclass('a') as a")).toEqual([{ a: null }]);
  });
});
