import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { type Check, CHECK_CODES } from '../../src/doctor/check';
import { type DatabaseFacts, type Facts } from '../../src/doctor/facts';
import { judge } from '../../src/doctor/judge/judge';
import { isWithin } from '../../src/doctor/judge/versions';
import { renderDiagnosis } from '../../src/report/doctor-text';
import { createProject, REPOSITORY } from '../support/project';

const DATABASE: DatabaseFacts = {
  connection: {
    value: {
      ...{ host: 'localhost', port: 5432, database: 'shop', role: 'Ann', encrypted: false },
      ...{ serverVersion: 160004, standby: false, readOnlyByDefault: false },
      clock: { aheadMs: 0, uncertaintyMs: 1 },
    },
  },
  pooler: { value: { pooled: false, mode: null, secondConnection: null } },
  settings: {
    value: { settings: {}, connections: { free: 90, limit: 100 }, eventTriggers: [] },
  },
  rights: {
    value: {
      ...{ role: 'Ann', historySchema: 'public', tables: [], strangers: [], seesSessions: true },
      schemas: [{ name: 'public', exists: true, usage: true, create: true }],
    },
  },
  activity: { value: { transactions: [], prepared: [], invalidIndexes: [], notValidated: [] } },
  history: { value: { applied: 3, pending: 1, problems: [], blockingProblems: [], runner: null } },
  asked: { searchPath: [], statementTimeoutMs: null },
};

const FACTS: Facts = {
  environment: 'development',
  production: false,
  machine: {
    node: { version: '22.21.0', wanted: '>=18' },
    knexward: '0.1.0',
    packages: [{ name: 'knex', project: '3.3.0', own: '3.3.0', wanted: '^3.1.0' }],
    dbMigrate: null,
  },
  project: {
    value: {
      ...{ knexfile: '/app/knexfile.js', folders: ['/app/migrations'] },
      ...{ files: 4, pool: { max: null, acquireTimeoutMs: null }, disableTransactions: false },
      unknownToKnex: [],
      sqlWithoutLoader: [],
    },
  },
  database: { value: DATABASE },
};

/** What is judged where one part of what was seen is another. */
function judged(change: Partial<Facts>): Check[] {
  return judge({ ...FACTS, ...change });
}

function judgedDatabase(change: Partial<DatabaseFacts>, facts: Partial<Facts> = {}): Check[] {
  return judged({ ...facts, database: { value: { ...DATABASE, ...change } } });
}

function connection(change: Partial<NonNullable<DatabaseFacts['connection']['value']>>) {
  const { value } = DATABASE.connection;
  if (!value) throw new Error('There is a connection.');
  return { connection: { value: { ...value, ...change } } };
}

function findings(checks: Check[]): string[] {
  return checks.flatMap(({ code, status }) => (status === 'green' ? [] : [`${status} ${code}`]));
}

function the(code: string, checks: Check[]): Check {
  const found = checks.find((check) => check.code === code);
  if (!found) throw new Error(`There is no check ${code}.`);
  return found;
}

describe('what doctor makes of what it sees', () => {
  it('all is well', () => expect(findings(judged({}))).toEqual([]));

  it.each([
    ['>=18', '18.0.0', true],
    ['>=18', '16.20.2', false],
    ['^3.1.0', '3.1.0', true],
    ['^3.1.0', '3.10.0', true],
    ['^3.1.0', '3.0.1', false],
    ['^3.1.0', '4.0.0', false],
    ['^8.16.0', '8.16.0-rc.1', true],
    ['*', '0.0.1', true],
  ])('%s and %s', (range, version, within) => expect(isWithin(version, range)).toBe(within));

  it.each([
    [130022, ['red SERVER_VERSION']],
    [140000, []],
    [180004, []],
    [190000, ['yellow SERVER_VERSION']],
  ])('server version %i', (serverVersion, found) =>
    expect(findings(judgedDatabase(connection({ serverVersion })))).toEqual(found),
  );

  it('a standby is red', () =>
    expect(findings(judgedDatabase(connection({ standby: true })))).toEqual(['red WRITABLE']));

  it.each([
    // What the way there may account for does not count.
    [0, 30_000, []],
    [6000, 2000, []],
    [6000, 900, ['yellow CLOCK']],
    [-7200_000, 10, ['yellow CLOCK']],
  ])('a clock that is %i ms ahead, give or take %i', (aheadMs, uncertaintyMs, found) =>
    expect(findings(judgedDatabase(connection({ clock: { aheadMs, uncertaintyMs } })))).toEqual(
      found,
    ),
  );

  it.each([
    ['db.internal', false, true, ['yellow TLS']],
    ['db.internal', true, true, []],
    ['db.internal', false, false, []],
    ['127.0.0.1', false, true, []],
    ['/var/run/postgresql', false, true, []],
  ])('to %s, encrypted: %s, production: %s', (host, encrypted, production, found) =>
    expect(findings(judgedDatabase(connection({ host, encrypted }), { production }))).toEqual(
      found,
    ),
  );

  const open = { pid: 7, role: 'bob', application: '', query: 'select', tables: [] };
  it.each([
    ['active', 59, []],
    ['active', 60, ['yellow OPEN_TRANSACTION']],
    ['idle in transaction', 5, ['yellow OPEN_TRANSACTION']],
    ['idle in transaction (aborted)', 5, ['yellow OPEN_TRANSACTION']],
  ])('a transaction that is %s, open for %i s', (state, seconds, found) => {
    const transactions = [{ ...open, state, seconds }];
    const activity = { value: { ...DATABASE.activity.value, transactions } };
    expect(findings(judgedDatabase({ activity } as Partial<DatabaseFacts>))).toEqual(found);
  });

  it('of many of a kind the first are told, and how many more there are', () => {
    const transactions = Array.from({ length: 9 }, (_, index) => ({
      ...{ ...open, pid: index, state: 'active', seconds: 100 },
    }));
    const activity = { value: { ...DATABASE.activity.value, transactions } };
    const checks = judgedDatabase({ activity } as Partial<DatabaseFacts>).filter(
      ({ code }) => code === 'OPEN_TRANSACTION',
    );
    expect(checks).toHaveLength(5);
    expect(checks.at(-1)?.message).toContain('and 4 more');
  });

  it('a prepared transaction is told with what ends it, quoted', () => {
    const prepared = [{ gid: "it's", owner: 'bob', seconds: 9000 }];
    const activity = { value: { ...DATABASE.activity.value, prepared } };
    const checks = judgedDatabase({ activity } as Partial<DatabaseFacts>);
    expect(the('PREPARED_TRANSACTION', checks)).toMatchObject({
      status: 'yellow',
      message: expect.stringContaining('2.5 h') as string,
      fix: expect.stringContaining("rollback prepared 'it''s';") as string,
    });
  });

  it('names in a statement to run are quoted', () => {
    const settings = {
      value: {
        ...{ connections: { free: 9, limit: 9 }, eventTriggers: [] },
        settings: { lock_timeout: { value: '900', source: 'user' } },
      },
    };
    expect(the('LOCK_TIMEOUT', judgedDatabase({ settings })).fix).toBe(
      'alter role "Ann" in database "shop" set lock_timeout = 0;',
    );
  });

  it('what could not be looked at is neither well nor a crash', () => {
    const failed = {
      code: null,
      message: 'relation "pg_x" does not exist',
      fix: null,
      exitCode: 1,
    };
    const checks = judgedDatabase({ activity: { failed }, history: { failed } });
    expect(findings(checks)).toEqual(['yellow NOT_LOOKED_AT', 'red HISTORY']);
    expect(the('NOT_LOOKED_AT', checks).message).toContain('pg_x');
  });

  it('what is wrong with the migrations keeps its name: red where up refuses, else yellow', () => {
    const problems = (['UNFINISHED', 'FAILED', 'MISSING_FILE', 'KNEX_LOCKED'] as const).map(
      (code) => ({ code, migration: null, message: 'm', fix: 'f' }),
    );
    const blockingProblems = problems.filter(({ code }) =>
      ['UNFINISHED', 'KNEX_LOCKED'].includes(code),
    );
    const seen = { applied: 1, pending: 0, problems, blockingProblems, runner: null };
    expect(findings(judgedDatabase({ history: { value: seen } }))).toEqual([
      ...['red UNFINISHED', 'yellow FAILED', 'yellow MISSING_FILE', 'red KNEX_LOCKED'],
    ]);
    const runner = { role: 'bob', client: '10.0.0.7', since: '2026-01-01T00:00:00.000Z' };
    expect(findings(judgedDatabase({ history: { value: { ...seen, runner } } }))).toEqual([
      ...['yellow RUNNER', 'yellow FAILED', 'yellow MISSING_FILE', 'red KNEX_LOCKED'],
    ]);
  });

  it('every finding says what to do, and nothing that is well does', () => {
    for (const check of judgedDatabase(connection({ serverVersion: 130000, standby: true }))) {
      expect(check.fix === null).toBe(check.status === 'green');
    }
  });
});

describe('how doctor tells it', () => {
  const checks: Check[] = [
    { code: 'WRITABLE', status: 'red', message: 'a standby', fix: 'Name the primary.' },
    { code: 'CLOCK', status: 'yellow', message: 'ahead', fix: 'Set it.' },
    { code: 'TLS', status: 'green', message: 'encrypted', fix: null },
  ];
  const diagnosis = { environment: 'development', healthy: false, checks, exitCode: 6 };

  const found = `  ! CLOCK ahead
      Set it.
  ✗ WRITABLE a standby
      Name the primary.
1 check passed, 1 warning, 1 error
`;

  it('yellow, then red, with what to run below, then the counts', () =>
    expect(renderDiagnosis(diagnosis, createColors(false))).toBe(found));

  it('what passed comes first, where it is asked for', () =>
    expect(renderDiagnosis(diagnosis, createColors(false), true)).toBe(
      `  ✓ TLS encrypted\n${found}`,
    ));

  it('one line where all is well', () => {
    const well = { ...diagnosis, checks: Array<Check>(33).fill(checks[2] as Check) };
    expect(renderDiagnosis(well, createColors(false))).toBe('33 checks passed\n');
  });

  it('in colour on a terminal', () => {
    const text = renderDiagnosis(diagnosis, createColors(true), true);
    for (const mark of ['\u001b[32m✓', '\u001b[33m!', '\u001b[31m✗']) expect(text).toContain(mark);
  });

  it('docs/doctor.md has an entry for every check', () => {
    const page = readFileSync(join(REPOSITORY, 'docs/doctor.md'), 'utf8');
    const listed = [...page.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code);
    expect(listed.sort()).toEqual([...CHECK_CODES].sort());
  });
});

it('a program calls what doctor does: diagnose', async () => {
  const { diagnose } = await import('../../src/index.js');
  const project = createProject({
    'knexfile.js': "module.exports = { client: 'pg', connection: 'postgresql://a@127.0.0.1:1/x' };",
  });
  const { healthy, checks, exitCode } = await diagnose({ cwd: project.root });
  project.remove();
  expect([healthy, exitCode]).toEqual([false, 3]);
  expect(checks).toContainEqual(expect.objectContaining({ code: 'CONNECTION', status: 'red' }));
});
