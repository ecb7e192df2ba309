import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { runDoctor } from '../support/doctor';
import { createProject, KNEXFILE, type Project } from '../support/project';
import { waitFor } from '../support/wait-for';
import { Client } from 'pg';

describe('doctor: settings that will hurt', () => {
  let database: TestDatabase;
  let role: TestRole;
  let project: Project;
  const url = (): string => role.url(database);

  beforeEach(async () => {
    database = await createDatabase();
    role = await createRole({ memberOf: ['pg_read_all_stats'] });
    await database.query(`grant usage, create on schema public to ${role.name}`);
    project = createProject({ 'knexfile.js': KNEXFILE, 'migrations/.keep': '' });
  });
  afterEach(async () => {
    project.remove();
    await role.drop(database);
    await database.drop();
  });

  const SETTINGS = [
    ['STATEMENT_TIMEOUT', 'statement_timeout', "'30s'", 'yellow'],
    ['LOCK_TIMEOUT', 'lock_timeout', "'900ms'", 'yellow'],
    ['IDLE_TRANSACTION_TIMEOUT', 'idle_in_transaction_session_timeout', "'1min'", 'yellow'],
    ['TRANSACTION_TIMEOUT', 'transaction_timeout', "'5min'", 'yellow'],
    ['MESSAGES', 'client_min_messages', 'debug1', 'yellow'],
    ['WRITABLE', 'default_transaction_read_only', 'on', 'red'],
  ] as const;

  it.each(['role', 'database'] as const)(
    'each of them, set for the %s, is told with a statement that mends it',
    async (place) => {
      const [server] = await database.query<{ version: number }>(
        "select current_setting('server_version_num')::int as version",
      );
      const there = SETTINGS.filter(
        ([code]) => code !== 'TRANSACTION_TIMEOUT' || (server?.version ?? 0) >= 170000,
      );
      const target = place === 'role' ? `role ${role.name}` : `database ${database.name}`;
      // The statement that mends it may not be stopped by what it mends.
      const admin = new Client(database.config);
      await admin.connect();
      for (const [, name, value] of there)
        await admin.query(`alter ${target} set ${name} = ${value}`);

      const found = await runDoctor(project, url());
      expect(found.exitCode).toBe(6);
      expect(found.findings()).toEqual(there.map(([code]) => code).sort());
      for (const [code, , , status] of there) expect(found.status(code)).toBe(status);
      expect(found.of('STATEMENT_TIMEOUT')[0]?.message).toContain(`set for the ${place}`);

      for (const { fix } of found.checks) if (fix !== null) await admin.query(fix);
      await admin.end();
      const mended = await runDoctor(project, url());
      expect(mended.findings()).toEqual([]);
      expect(mended.exitCode).toBe(0);
    },
  );

  it('what the connection itself sets is to be taken out there', async () => {
    const options = encodeURIComponent('-c statement_timeout=30s');
    const found = await runDoctor(project, `${url()}?options=${options}`);
    expect(found.of('STATEMENT_TIMEOUT')[0]).toMatchObject({
      status: 'yellow',
      message: expect.stringContaining('30 s (set by the connection)') as string,
      fix: expect.stringContaining('PGOPTIONS') as string,
    });
  });

  it('the statementTimeout of the knexfile goes before that of the role', async () => {
    await database.query(`alter role ${role.name} set statement_timeout = '500ms'`);
    project.write({
      'knexfile.js': KNEXFILE.replace(
        "client: 'pg',",
        "client: 'pg', knexward: { statementTimeout: 0 },",
      ),
      'migrations/20260101000000_slow.js': "exports.up = (knex) => knex.raw('select pg_sleep(1)');",
    });
    expect((await runDoctor(project, url())).status('STATEMENT_TIMEOUT')).toBe('green');
    // It is true, too.
    expect((await project.knexward(['up'], { TEST_DATABASE_URL: url() })).code).toBe(0);
  });

  it('limits that no migration comes near are left alone', async () => {
    await database.query(`alter role ${role.name} set idle_in_transaction_session_timeout = '12h'`);
    const found = await runDoctor(project, url());
    expect(found.status('IDLE_TRANSACTION_TIMEOUT')).toBe('green');
  });

  it('connections that are nearly used up are counted', async () => {
    await database.query(`alter role ${role.name} connection limit 4`);
    // The sessions of the test before may be on their way out.
    const sessions = `select from pg_stat_activity where usename = '${role.name}'`;
    await waitFor(async () => (await database.query(sessions)).length === 0);
    const found = await runDoctor(project, url());
    expect(found.status('CONNECTIONS_LEFT')).toBe('yellow');
    expect(found.of('CONNECTIONS_LEFT')[0]?.message).toContain('4 of 4');
    expect(found.exitCode).toBe(0);
  });

  it('a limit of one connection is red: up needs two', async () => {
    await database.query(`alter role ${role.name} connection limit 1`);
    const found = await runDoctor(project, url());
    expect(found.status('SECOND_CONNECTION')).toBe('red');
    expect(found.of('SECOND_CONNECTION')[0]?.message).toContain('too many connections');
    expect(found.exitCode).toBe(6);
  });

  it('event triggers are named, and those that are off are not', async () => {
    await database.query(`
      create function veto() returns event_trigger language plpgsql as $$ begin end $$;
      create event trigger on_ddl on ddl_command_start execute function veto();
      create event trigger is_off on ddl_command_end execute function veto();
      alter event trigger is_off disable;`);
    const found = await runDoctor(project, url());
    expect(found.status('EVENT_TRIGGERS')).toBe('yellow');
    expect(found.of('EVENT_TRIGGERS')[0]?.message).toMatch(/: on_ddl$/);
  });
});
