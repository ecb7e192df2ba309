import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownersComment } from '../../src/throwaway/left-overs';
import { newOwner, temporaryName } from '../../src/throwaway/names';
import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { compareCatalogs, readCatalog } from '../support/catalog';
import {
  createProject,
  KNEXFILE,
  type Outcome,
  type Project,
  REPOSITORY,
} from '../support/project';
import { waitFor } from '../support/wait-for';

interface VerifyDocument {
  inSync: boolean;
  differences: { kind: string; object: string; expected: unknown; actual: unknown }[];
  replayed: number;
  shadow: string;
  unreplayable: string[];
}

describe('verify: the database against what its applied migrations make (US8, FR-015)', () => {
  let database: TestDatabase;
  let project: Project;
  let role: TestRole;
  const knexward = (args: string[], url = role.url(database)): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: url });
  const verify = async (url?: string): Promise<VerifyDocument & { code: number | null }> => {
    const outcome = await knexward(['verify', '--json'], url);
    return { ...outcome.json<VerifyDocument>(), code: outcome.code };
  };
  /** Of this test: others make theirs on the same server. */
  const shadows = () =>
    database.query<{ name: string }>(
      `select datname as name from pg_database
        where datname like 'knexward\\_shadow\\_%' and pg_get_userbyid(datdba) = '${role.name}'`,
    );

  beforeEach(async () => {
    database = await createDatabase();
    role = await createRole({ createDatabase: true });
    await database.query(`alter database ${database.name} owner to ${role.name}`);
    project = createProject({
      'knexfile.js': KNEXFILE,
      'migrations/20150101000000-rooms.js': `
        exports.up = (db) => db.createTable('rooms', { id: { type: 'int', primaryKey: true }, name: 'string' });
        exports.down = (db) => db.dropTable('rooms');`,
      'migrations/20260101000001_votes.js': `
        exports.up = (knex) => knex.schema.createTable('votes', (t) => {
          t.increments(); t.integer('room').references('rooms.id');
        });
        exports.down = (knex) => knex.schema.dropTable('votes');`,
      'migrations/20260101000002_index.up.sql':
        '-- knexward: no-transaction\ncreate index concurrently votes_room on votes (room);',
    });
    expect((await knexward(['up'])).code).toBe(0);
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
    await role.drop();
  });

  it('in sync: every format replayed, on a temporary database, which is dropped', async () => {
    expect(await verify()).toMatchObject({
      ...{ code: 0, inSync: true, differences: [], replayed: 3, unreplayable: [] },
      shadow: 'a temporary database on the same server',
    });
    expect(await shadows()).toEqual([]);
    const { stdout } = await knexward(['verify']);
    expect(stdout).toContain('The database matches its 3 applied migrations');
  });

  it('a schema changed by hand: each change is named, alone, and fixed it is in sync again (EC-07)', async () => {
    const changes: [string, string, string, string][] = [
      ['create table extra (id int)', 'table', 'public.extra', 'drop table extra'],
      [
        'drop index votes_room',
        'index',
        'public.votes_room',
        'create index votes_room on votes (room)',
      ],
      [
        'alter table rooms alter column name set not null',
        'column',
        'public.rooms.name',
        'alter table rooms alter column name drop not null',
      ],
      [
        "comment on table rooms is 'by hand'",
        'comment',
        'public.rooms',
        'comment on table rooms is null',
      ],
    ];
    for (const [change, kind, object, back] of changes) {
      await database.query(change);
      const { code, differences } = await verify();
      expect({ change, code, found: differences.map((d) => d.kind) }).toEqual({
        ...{ change, code: 6, found: [kind] },
      });
      expect(differences[0]?.object).toContain(object);
      await database.query(back);
      expect(await verify()).toMatchObject({ code: 0, inSync: true });
    }
  });

  it('what is pending is no part of it, and what is reverted neither', async () => {
    await knexward(['down', '-c', '1', '20260101000002_index']);
    project.write({
      'migrations/20260101000003_later.js': 'exports.up = (knex) => knex.raw("select broken");',
    });
    expect(await verify()).toMatchObject({ code: 0, inSync: true });
  });

  it('they are replayed in the order in which they were applied', async () => {
    project.write({
      'migrations/20140101000000_late.js':
        "exports.up = (knex) => knex.raw('alter table rooms add column late int');",
    });
    expect((await knexward(['up'])).code).toBe(0);
    expect(await verify()).toMatchObject({ code: 0, inSync: true, replayed: 4 });
  });

  it('a row without a file: not proven, and said', async () => {
    rmSync(join(project.root, 'migrations/20260101000002_index.up.sql'));
    const found = await verify();
    expect(found).toMatchObject({
      ...{ code: 6, replayed: 2, unreplayable: ['20260101000002_index.up.sql'] },
      differences: [{ kind: 'index', expected: null }],
    });
  });

  it('a role that may only read: on the embedded server, and the database is untouched', async () => {
    const reader = await createRole();
    await database.query(`grant select on all tables in schema public to ${reader.name}`);
    const catalog = () =>
      readCatalog(async (sql, params) => ({ rows: await database.query(sql, params) }));
    const before = await catalog();
    const found = await verify(reader.url(database));
    expect(found).toMatchObject({ shadow: 'a temporary database on the embedded PostgreSQL' });
    // Its grants are known to this server alone.
    expect(new Set(found.differences.map(({ kind }) => kind))).toEqual(new Set(['privileges']));
    expect(compareCatalogs(before, await catalog())).toEqual([]);
    await reader.drop(database);
  });

  it('stopped by a signal in the replay: it ends at once, and drops the shadow', async () => {
    project.write({
      'migrations/20260101000002_index.up.sql': 'select pg_sleep(900)',
    });
    const child = spawn(process.execPath, [join(REPOSITORY, 'bin/knexward.js'), 'verify'], {
      cwd: project.root,
      env: { PATH: process.env['PATH'], TEST_DATABASE_URL: role.url(database) },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await waitFor(async () => {
      const rows = await database.query(
        `select from pg_stat_activity where usename = '${role.name}' and query like '%pg_sleep(900)%'`,
      );
      return rows.length > 0;
    });
    expect(await shadows()).toHaveLength(1);
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(143);
    expect(await shadows()).toEqual([]);
  });

  it('a shadow that a killed run left behind is dropped by the next; one in use is not', async () => {
    const [gone, alive] = [newOwner(), newOwner()];
    await database.query(`select pg_advisory_lock(x'${alive}'::bigint)`);
    const [left, used] = [gone, alive].map((owner) => temporaryName('shadow', 'app', owner, 1));
    for (const [name, owner] of [
      [left, gone],
      [used, alive],
    ]) {
      await database.query(`create database ${name} owner ${role.name}`);
      await database.query(`comment on database ${name} is '${ownersComment(owner as string)}'`);
    }
    await verify();
    expect(await shadows()).toEqual([{ name: used }]);
    await database.query(`select pg_advisory_unlock_all()`);
    await database.query(`drop database ${used}`);
  });

  it('US7: a database that somebody else made stays, whatever its name', async () => {
    const own = `knexward_shadow_${role.name.slice(-8)}`;
    const names = ['', '_1', `_${(Date.now() - 120_000).toString(36)}_abcd1234`].map(
      (end) => own + end,
    );
    for (const name of names) await database.query(`create database ${name} owner ${role.name}`);
    await verify();
    expect((await shadows()).map(({ name }) => name).sort()).toEqual(names.sort());
    for (const name of names) await database.query(`drop database ${name}`);
  });

  it('a history that is not adopted is refused, as by up', async () => {
    await database.query(`create table migrations (id serial primary key, name varchar(255) not null, run_on timestamp not null);
      insert into migrations (name, run_on) values ('/20140101000000-old', now());
      alter table migrations owner to ${role.name}`);
    const { code, json } = await knexward(['verify', '--json']);
    expect(code).toBe(5);
    expect(json()).toMatchObject({ error: { code: 'NOT_ADOPTED' } });
  });
});
