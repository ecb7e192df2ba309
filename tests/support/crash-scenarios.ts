import { type Action, type Lane, type Scenario } from './crash-matrix.js';
import { createProject, type Project } from './project.js';
import { type RunnerAnswer } from './runner.js';

/** Evaluated anew for each run, because a runner serves many databases. */
const KNEXFILE = `module.exports = () => ({
  client: 'pg',
  connection: process.env.TEST_DATABASE_URL,
  migrations: { directory: './migrations' },
});
`;

/** A change that can be seen in the schema, counts itself, and fails where it is run twice. */
const CHANGES: Record<string, { table: string; content: string }> = {
  '20150101000000-old.js': {
    table: 'old',
    content: `
exports.up = function (db, callback) {
  db.createTable('old', { id: 'int' }, function (error) {
    if (error) return callback(error);
    db.runSql('insert into ran values (?)', ['old'], callback);
  });
};
exports.down = function (db) { return db.dropTable('old'); };`,
  },
  '20260101000000_plain.js': {
    table: 'plain',
    content: `
exports.up = async (knex) => {
  await knex.schema.createTable('plain', (table) => { table.increments(); });
  await knex('ran').insert({ name: 'plain' });
};
exports.down = (knex) => knex.schema.dropTable('plain');`,
  },
  '20260101000001_outside.js': {
    table: 'outside',
    content: `
exports.config = { transaction: false };
exports.up = (knex) => knex.raw('create table outside (id int)');
exports.down = (knex) => knex.raw('drop table outside');`,
  },
  '20260101000002_last.up.sql': {
    table: 'last',
    content: "create table last (id int); insert into ran values ('last');",
  },
};

/** SQL files only, which a run sends in a pipeline. */
const ALL_SQL: typeof CHANGES = Object.fromEntries(
  ['one', 'two', 'three', 'four'].map((table, index) => [
    `2026010100000${index}_${table}.up.sql`,
    { table, content: `create table ${table} (id int); insert into ran values ('${table}');` },
  ]),
);

/** Those that run without Knex, where there are no others. */
const WITHOUT_KNEX = ['20150101000000-old.js', '20260101000002_last.up.sql'];

/** A project with a change of each format, one of them outside a transaction; or with some. */
export function createCrashProject(names = Object.keys(CHANGES)): Project {
  return createProject({
    'knexfile.js': KNEXFILE,
    'migrations/20260101000002_last.down.sql': 'drop table last;',
    ...Object.fromEntries(
      names.map((name) => [`migrations/${name}`, CHANGES[name]?.content ?? '']),
    ),
  });
}

export function createProjectOfSql(): Project {
  const files = Object.entries(ALL_SQL).flatMap(([name, { table, content }]) => [
    [`migrations/${name}`, content],
    [`migrations/${name.replace('.up.', '.down.')}`, `drop table ${table};`],
  ]);
  return createProject({
    'knexfile.js': KNEXFILE,
    ...(Object.fromEntries(files) as Record<string, string>),
  });
}

/** The same with those changes only that run without Knex. */
export const createProjectWithoutKnex = (): Project => createCrashProject(WITHOUT_KNEX);

const EVERY_CHANGE = { ...CHANGES, ...ALL_SQL };

const APPLIED: State = {
  tables: Object.values(CHANGES).map(({ table }) => table),
  history: Object.keys(CHANGES),
  unfinished: [],
  ran: ['last', 'old', 'plain'],
};

const up = (applied: State): Scenario => ({
  action: 'up',
  prepare: async (lane) => void (await lane.query('create table ran (name text)')),
  check: async (lane, where) => {
    expectTruth(await readState(lane), where);
    await goOn(lane, 'up', where);
    expect({ where, ...(await readState(lane)) }).toEqual({ where, ...applied });
    await expectNoLock(lane, where);
  },
});

const down = (applied: State): Scenario => ({
  action: 'down',
  prepare: async (lane) => {
    await up(applied).prepare(lane);
    await goOn(lane, 'up', 'before');
  },
  check: async (lane, where) => {
    expectTruth(await readState(lane), where);
    await goOn(lane, 'down', where);
    const end = { ...applied, tables: [], history: [] };
    expect({ where, ...(await readState(lane)) }).toEqual({ where, ...end });
    await expectNoLock(lane, where);
  },
});

const ADOPT: Scenario = {
  action: 'adopt',
  prepare: async (lane) => {
    await lane.query(`
      create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into migrations (name, run_on) values
        ('/20150101000000-old', '2015-01-01 00:00:00'), ('/20150101000001-gone', '2015-01-02 00:00:00')`);
  },
  check: async (lane, where) => {
    const complete = [
      { name: '20150101000000-old.js', batch: 1, event: 'adopted' },
      { name: '20150101000001-gone.js', batch: 2, event: 'adopted' },
    ];
    if (await isThere(lane, 'knex_migrations'))
      expect({ where, rows: await carried(lane) }).toEqual({ where, rows: complete });
    const again = await lane.ask({ action: 'adopt' });
    expect({ where, error: again.error }).toEqual({ where, error: undefined });
    expect({ where, rows: await carried(lane) }).toEqual({ where, rows: complete });
    expect(await lane.query('select name from migrations order by id')).toHaveLength(2);
    await expectNoLock(lane, where);
  },
};

const FINISH: Scenario = {
  action: 'finish',
  prepare: async (lane) => {
    await ADOPT.prepare(lane);
    await succeed(lane, 'adopt', 'before');
  },
  check: async (lane, where) => {
    // Either as before or done: db-migrate's table is never without a name, and never there twice.
    const before = await phaseOf(lane);
    expect({ where, before }).toEqual({
      where,
      before: expect.stringMatching(/^(adopted|finished)$/) as string,
    });
    await succeed(lane, 'finish', where);
    expect({ where, phase: await phaseOf(lane) }).toEqual({ where, phase: 'finished' });
    await expectOldRows(lane, 'migrations_adopted_by_knexward', where);
    await expectNoLock(lane, where);
  },
};

const UNDO: Scenario = {
  action: 'undo',
  prepare: async (lane) => {
    await FINISH.prepare(lane);
    await succeed(lane, 'finish', 'before');
  },
  check: async (lane, where) => {
    const before = await phaseOf(lane);
    expect({ where, before }).toEqual({
      where,
      before: expect.stringMatching(/^(finished|undone)$/) as string,
    });
    await succeed(lane, 'undo', where);
    expect({ where, phase: await phaseOf(lane) }).toEqual({ where, phase: 'undone' });
    await expectOldRows(lane, 'migrations', where);
    await succeed(lane, 'adopt', where);
    expect({ where, phase: await phaseOf(lane) }).toEqual({ where, phase: 'adopted' });
    await expectNoLock(lane, where);
  },
};

/** What the matrix is made for: every way in which knexward changes a database. */
export const SCENARIOS: readonly Scenario[] = [up(APPLIED), down(APPLIED), ADOPT, FINISH, UNDO];

const APPLIED_WITHOUT_KNEX: State = {
  tables: WITHOUT_KNEX.map((name) => CHANGES[name]?.table ?? ''),
  history: WITHOUT_KNEX,
  unfinished: [],
  ran: ['last', 'old'],
};

/** Where Knex is not needed, changes run on another connection and in another way. */
export const SCENARIOS_WITHOUT_KNEX: readonly Scenario[] = [
  up(APPLIED_WITHOUT_KNEX),
  down(APPLIED_WITHOUT_KNEX),
];

export const SCENARIOS_OF_SQL: readonly Scenario[] = [up, down].map((scenario) =>
  scenario({
    tables: Object.values(ALL_SQL).map(({ table }) => table),
    history: Object.keys(ALL_SQL),
    unfinished: [],
    ran: ['four', 'one', 'three', 'two'],
  }),
);

async function succeed(lane: Lane, action: Action, where: string): Promise<void> {
  const { error } = await lane.ask({ action });
  expect({ where, action, error }).toEqual({ where, action, error: undefined });
}

/** How far a takeover has come, by the tables that are there. */
async function phaseOf(lane: Lane): Promise<string> {
  const rows = await lane.query<{ name: string }>(
    `select relkind::text || ' ' || relname as name from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
        and relname ~ '^(migrations|knex_migrations(?!_lock))' order by relname`,
  );
  const found = rows.map(({ name }) => name).join(', ');
  const phases: Record<string, string> = {
    'r knex_migrations, r migrations': 'adopted',
    'r knex_migrations, v migrations, r migrations_adopted_by_knexward': 'finished',
    'r knex_migrations_undone_by_knexward, r migrations': 'undone',
    'r knex_migrations, r knex_migrations_undone_by_knexward, r migrations': 'adopted',
  };
  return phases[found] ?? found;
}

/** db-migrate's rows are what they were, to the letter. */
async function expectOldRows(lane: Lane, table: string, where: string): Promise<void> {
  const rows = await lane.query(`select id, name, run_on::text from ${table} order by id`);
  expect({ where, rows }).toEqual({
    where,
    rows: [
      { id: 1, name: '/20150101000000-old', run_on: '2015-01-01 00:00:00' },
      { id: 2, name: '/20150101000001-gone', run_on: '2015-01-02 00:00:00' },
    ],
  });
}

interface State {
  tables: string[];
  history: string[];
  unfinished: string[];
  ran: string[];
}

async function isThere(lane: Lane, table: string): Promise<boolean> {
  const rows = await lane.query('select where to_regclass($1) is not null', [table]);
  return rows.length > 0;
}

async function readState(lane: Lane): Promise<State> {
  const kept = await isThere(lane, 'knex_migrations');
  const names = async (sql: string, params?: unknown[]): Promise<string[]> =>
    (await lane.query<{ name: string }>(sql, params)).map(({ name }) => name);
  return {
    tables: await names(
      'select t as name from unnest($1::text[]) t where to_regclass(t) is not null',
      [Object.values(EVERY_CHANGE).map(({ table }) => table)],
    ),
    history: kept ? await names('select name from knex_migrations order by id') : [],
    unfinished: kept
      ? await names(`select name from (
          select distinct on (migration) migration as name, event, details from knexward_journal
           where event <> 'adopted' order by migration, id desc) last
          where event = 'started' or details ? 'endUnknown'`)
      : [],
    ran: await names('select name from ran order by name'),
  };
}

/** History and schema agree, or what does not is reported as unfinished; nothing ran twice. */
function expectTruth(state: State, where: string): void {
  for (const [name, { table }] of Object.entries(EVERY_CHANGE)) {
    if (state.history.includes(name) === state.tables.includes(table)) continue;
    const { unfinished } = state;
    expect({ where, name, unfinished }).toEqual({ where, name, unfinished: [name] });
  }
  const twice = state.ran.filter((name, index) => state.ran[index + 1] === name);
  expect({ where, twice }).toEqual({ where, twice: [] });
}

/** What a person would do: look at the database, say what is so, and run again. */
async function goOn(lane: Lane, action: Action, where: string): Promise<void> {
  let answer = await lane.ask({ action });
  if (answer.error?.code === 'UNFINISHED') {
    const { unfinished, tables } = await readState(lane);
    const [name = ''] = unfinished;
    const present = tables.includes(EVERY_CHANGE[name]?.table ?? '');
    await lane.ask({ action: 'resolve', name, verdict: present ? 'applied' : 'reverted' });
    answer = await lane.ask({ action });
  }
  expect({ where, error: answer.error, failed: failedOf(answer) }).toEqual({
    where,
    error: undefined,
    failed: null,
  });
}

function failedOf(answer: RunnerAnswer): unknown {
  return (answer.value as { failed?: unknown } | undefined)?.failed ?? null;
}

async function carried(lane: Lane): Promise<unknown[]> {
  return lane.query(`select h.name, h.batch, j.event from knex_migrations h
    left join knexward_journal j on j.migration = h.name order by h.id`);
}

/** Knex's lock row is free again. The runners' own lock is gone before this is looked at. */
async function expectNoLock(lane: Lane, where: string): Promise<void> {
  const locked = await lane.query('select is_locked from knex_migrations_lock');
  expect({ where, locked }).toEqual({ where, locked: [{ is_locked: 0 }] });
}
