import { createDatabase, type TestDatabase } from '../support/database';
import { onFreePort } from '../support/free-port';
import { createProject, type Outcome, type Project } from '../support/project';
import {
  ALL_TENANTS,
  counting,
  createTenants,
  fleetKnexfile,
  onceEach,
  type Tenants,
} from '../support/tenants';

const A = '20260101000000_a.js';
const B = '20260102000000_b.js';

interface Document {
  targets: number;
  done: number;
  upToDate: number;
  failed: { target: string; code: string; message: string }[];
  notReached: string[];
  waves?: { canary: boolean; targets: { target: string; pending: string[] }[] }[];
}

describe('fleet up: schemas of one database (US13, FR-001, FR-009)', () => {
  let tenants: Tenants;
  let project: Project;
  const fleet = (...args: string[]): Promise<Outcome> =>
    project.knexward(['fleet', ...args], { TEST_DATABASE_URL: tenants.database.url });
  const up = async (...args: string[]): Promise<Document & { code: number | null }> => {
    const outcome = await fleet('up', '--json', ...args);
    return { ...outcome.json<Document>(), code: outcome.code };
  };

  beforeEach(async () => {
    tenants = await createTenants(12);
    project = createProject({
      'knexfile.js': fleetKnexfile(ALL_TENANTS),
      [`migrations/${A}`]: counting('a', "await knex.raw('create table users (id int)');"),
    });
  });
  afterEach(async () => {
    project.remove();
    await tenants.drop();
  });

  it('applies everything everywhere, each once, and then has nothing to do', async () => {
    const text = await fleet('up');
    expect(text).toMatchObject({ code: 0 });
    expect(text.stdout).toContain('12 targets: 12 migrated');
    expect(await tenants.applied()).toEqual(onceEach(tenants.names, ['a']));
    project.write({ [`migrations/${B}`]: counting('b') });
    expect(await up()).toMatchObject({ code: 0, targets: 12, done: 12, upToDate: 0, failed: [] });
    expect(await tenants.applied()).toEqual(onceEach(tenants.names, ['a', 'b']));
    expect(await up()).toMatchObject({
      code: 0,
      targets: 12,
      done: 0,
      upToDate: 12,
      notReached: [],
    });
    const [history] = await tenants.database.query(
      'select name, batch from t_07.knex_migrations order by id offset 1',
    );
    expect(history).toEqual({ name: B, batch: 2 });
    expect(
      await tenants.database.query("select to_regclass('public.knex_migrations') as t"),
    ).toEqual([{ t: null }]);
  });

  it('a dry run shows the waves and changes nothing', async () => {
    await tenants.database.query(
      `update tenants set labels = json_build_object('size', (12 - substr(id, 3)::int)) where id <> 't_11'`,
    );
    const waves = ['--canary', '1', '--waves', '3,50%', '--order', 'size'];
    const { code, waves: planned = [], done } = await up('--dry-run', ...waves);
    expect({ code, done }).toEqual({ code: 0, done: 0 });
    const ids = planned.map(({ targets }) => targets.map(({ target }) => target));
    expect(ids.map(({ length }) => length)).toEqual([1, 3, 6, 2]);
    expect(ids.flat()).toEqual([...tenants.names.slice(0, 11).reverse(), 't_11']);
    expect(planned[0]).toEqual({ canary: true, targets: [{ target: 't_10', pending: [A] }] });
    expect(await tenants.applied()).toEqual({});
    expect((await fleet('up', '--dry-run', ...waves)).stdout).toContain(
      'Wave 1: canaries\n  t_10 1 pending',
    );
    expect(await tenants.database.query("select to_regclass('knexward_fleet') as t")).toEqual([
      { t: null },
    ]);
  });

  it('--target takes some, and refuses one that there is not', async () => {
    expect(await up('--target', 't_03', '--target', 't_05')).toMatchObject({ targets: 2, done: 2 });
    expect(await tenants.applied()).toEqual(onceEach(['t_03', 't_05'], ['a']));
    expect(await fleet('up', '--target', 't_99')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"t_99"') as string,
    });
  });

  it('a broken tenant, a busy table, a missing schema: the others are done, --resume goes on (SC-008)', async () => {
    await tenants.database.query(
      `create table t_02.users (); create table t_04.busy (); insert into tenants values ('gone', 'no_such_schema')`,
    );
    await tenants.database.query('begin; lock table t_04.busy');
    project.write({
      [`migrations/${A}`]: counting(
        'a',
        `
        if ((await knex.raw('select current_schema() as s')).rows[0].s === 't_04') await knex.raw('alter table busy add column n int');
        await knex.raw('create table users (id int)');`,
      ),
    });
    const first = await up();
    expect(first).toMatchObject({ code: 1, targets: 13, done: 10, notReached: [] });
    expect(first.failed.map(({ target, code }) => [target, code]).sort()).toEqual([
      ['gone', 'SCHEMA_MISSING'],
      ['t_02', 'MIGRATION_FAILED'],
      ['t_04', 'MIGRATION_FAILED'],
    ]);
    expect(first.failed.find(({ target }) => target === 't_02')?.message).toContain(
      `${A}: relation "users" already exists`,
    );
    expect(await tenants.database.query("select to_regclass('public.users') as t")).toEqual([
      { t: null },
    ]);
    await tenants.database.query(
      "rollback; drop table t_02.users; delete from tenants where id = 'gone'",
    );
    const again = await up('--resume');
    expect(again).toMatchObject({ code: 0, targets: 12, done: 12, upToDate: 0, failed: [] });
    expect(await tenants.applied()).toEqual(onceEach(tenants.names, ['a']));
    expect(await fleet('up', '--resume')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nothing to resume') as string,
    });
  });

  it('stops at a number of failures, and at a canary', async () => {
    project.write({ [`migrations/${A}`]: "exports.up = (knex) => knex.raw('select broken');" });
    const stopped = await up('--stop-at', '3', '--concurrency', '2');
    expect(stopped.code).toBe(1);
    expect([3, 4]).toContain(stopped.failed.length);
    expect(stopped.failed.length + stopped.notReached.length).toBe(12);
    const canary = await up('--canary', '1');
    expect(canary).toMatchObject({ code: 1, done: 0 });
    expect(canary.failed.map(({ target }) => target)).toEqual(['t_00']);
    expect(canary.notReached).toEqual(tenants.names.slice(1));
    const [journal] = await tenants.database.query(
      "select details from knexward_fleet where event = 'ended' order by id desc limit 1",
    );
    expect(journal).toEqual({ details: { complete: false, stopped: 'canary', upToDate: 0 } });
  });

  it('what it says to continue with can be resumed, and goes as the call did', async () => {
    await up();
    await tenants.database.query("insert into tenants values ('gone', 'later')");
    const { code, stdout } = await fleet('up', '--canary', '1', '--stop-at', '50%');
    expect(code).toBe(1);
    expect(stdout).toContain('knexward fleet up --resume --canary 1 --stop-at 50%');
    await tenants.database.query('create schema later');
    expect(await up('--resume')).toMatchObject({ code: 0, targets: 13, done: 1, upToDate: 12 });
  });

  it('two at once: each target once', async () => {
    project.write({
      [`migrations/${A}`]: counting('a', "await knex.raw('select pg_sleep(0.05)');"),
    });
    const both = await Promise.all([up(), up()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both[0].done + both[1].done).toBe(12);
    expect(await tenants.applied()).toEqual(onceEach(tenants.names, ['a']));
  });

  it('logs JSON lines, each with its target', async () => {
    const { stderr } = await fleet('up', '--log-format', 'json', '--target', 't_01');
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ msg: 'swept', targets: 1, pending: 1 }),
        expect.objectContaining({ msg: 'migrated', target: 't_01', migrations: 1 }),
      ]),
    );
  });
});

describe('fleet up: databases (US13)', () => {
  let databases: TestDatabase[];
  let project: Project;
  let nowhere: number;
  const knexward = (...args: string[]): Promise<Outcome> =>
    project.knexward(args, { TEST_DATABASE_URL: databases[0]!.url });

  beforeEach(async () => {
    databases = await Promise.all([createDatabase(), createDatabase(), createDatabase()]);
    nowhere = await onFreePort((port) => Promise.resolve(port));
    const targets = databases
      .slice(1)
      .map(({ url }, place) => ({ id: `db ${place}`, connection: url }));
    const dead = [1, 2].map((each) => ({
      id: `dead ${each}`,
      connection: `postgresql://u:s3cret-word@127.0.0.1:${nowhere}/db${each}`,
    }));
    const partial = [
      { id: 'partial', connection: { host: '127.0.0.1', port: nowhere } },
      { id: 'url', connection: 'postgresql://localhost' },
    ];
    project = createProject({
      'knexfile.js': fleetKnexfile("targets: { file: 'targets.jsonl' }"),
      'targets.jsonl': [...targets, ...dead, ...partial]
        .map((target) => JSON.stringify(target))
        .join('\n'),
      [`migrations/${A}`]: "exports.up = (knex) => knex.raw('create table users (id int)');",
    });
  });
  afterEach(async () => {
    project.remove();
    await Promise.all(databases.map((database) => database.drop()));
  });

  it('an unreachable server and a connection that names no database are failures of theirs alone', async () => {
    const { code, stdout, stderr, json } = await knexward('fleet', 'up', '--json');
    const { done, failed } = json<Document>();
    expect({ code, done }).toEqual({ code: 1, done: 2 });
    expect(Object.fromEntries(failed.map((each) => [each.target, each.code]))).toEqual({
      'dead 1': 'CONNECTION_FAILED',
      'dead 2': 'CONNECTION_FAILED',
      partial: 'INVALID_CONNECTION',
      url: 'INVALID_CONNECTION',
    });
    expect(stdout + stderr).not.toContain('s3cret-word');
    const tables = await Promise.all(
      databases.map((each) => each.query("select to_regclass('users') is not null as t")),
    );
    expect(tables).toEqual([[{ t: false }], [{ t: true }], [{ t: true }]]);
    const status = await knexward('fleet', 'status');
    expect(status.stdout).toContain('6 targets: 4 cannot be looked at; 2 up to date');
    expect(status.stdout + status.stderr).not.toContain('s3cret-word');
  });
});
