import { type ResolvedConfig } from '../../src/config/resolve';
import { placeOf } from '../../src/fleet/target-config';
import { checkTargets } from '../../src/fleet/targets';
import { createDatabase, type TestDatabase } from '../support/database';
import { createProject, type Outcome, type Project } from '../support/project';
import {
  ALL_TENANTS,
  counting,
  createTenants,
  fleetKnexfile,
  onceEach,
  type Tenants,
} from '../support/tenants';

const A = 'migrations/20260101000000_a.js';

describe('where a target is (US13)', () => {
  const place = (connection: object): string =>
    placeOf({ database: { kind: 'server', connection } } as ResolvedConfig).database;

  it.each(['?port=6001', '?host=/tmp/x', '?user=b', '?options=endpoint%3Dx'])(
    'what a URL says behind the question mark counts: %s',
    (query) => {
      const connectionString = 'postgres://a:secret@h/d';
      expect(place({ connectionString: connectionString + query })).not.toBe(
        place({ connectionString }),
      );
      expect(place({ connectionString: `${connectionString + query}&password=secret` })).toBe(
        place({ connectionString: connectionString + query }),
      );
    },
  );

  it.each(['$user', 'é'.repeat(32)])('the server would take another schema for "%s"', (schema) => {
    expect(() => checkTargets([{ id: 'a', schema }])).toThrow('schema of "a"');
  });
});

describe('fleet up: nothing leads a target elsewhere (US13)', () => {
  let tenants: Tenants;
  let other: TestDatabase;
  let project: Project;
  const up = (env: Record<string, string>, ...args: string[]): Promise<Outcome> =>
    project.knexward(['fleet', 'up', '--json', ...args], env);

  beforeEach(async () => {
    tenants = await createTenants(3);
    other = await createDatabase();
  });
  afterEach(async () => {
    project.remove();
    await tenants.drop();
    await other.drop();
  });

  it("a migration's own PG variables are not those of the next target", async () => {
    await other.query('create schema t_00; create schema t_01; create schema t_02');
    const { host, port, user, password } = tenants.database.config;
    project = createProject({
      'knexfile.js': fleetKnexfile(`${ALL_TENANTS}, concurrency: 1`).replace(
        'process.env.TEST_DATABASE_URL',
        '{}',
      ),
      [A]: counting('a', `process.env.PGDATABASE = '${other.name}';`),
    });
    const variables = {
      ...{ PGHOST: String(host), PGPORT: String(port), PGUSER: String(user) },
      ...{ PGPASSWORD: String(password), PGDATABASE: tenants.database.name },
    };
    expect((await up(variables)).json()).toMatchObject({ done: 3, failed: [] });
    expect(Object.keys(await tenants.applied())).toEqual(['t_00 a', 't_01 a', 't_02 a']);
  });

  it('a query for the targets is one statement, also in a dry run', async () => {
    const query = 'commit; create table oops (); select id, schema from tenants';
    project = createProject({
      'knexfile.js': fleetKnexfile(`targets: '${query}'`),
      [A]: counting('a'),
    });
    const outcome = await up({ TEST_DATABASE_URL: tenants.database.url }, '--dry-run');
    expect(outcome.json()).toMatchObject({ error: { code: 'FLEET_TARGETS' } });
    expect(await tenants.database.query("select to_regclass('oops') as t")).toEqual([{ t: null }]);
  });

  it.each([true, false])("a tenant's own connection is told from knexward's: %s", async (has) => {
    const more = [...Array(20).keys()].map((place) => `o_${String(place).padStart(2, '0')}`);
    await tenants.database.query(more.map((name) => `create schema ${name}`).join(';'));
    project = createProject({
      'knexfile.js': fleetKnexfile(
        `targets: ${JSON.stringify(more.map((id) => ({ id, schema: id })))}, stopAt: 100`,
        'retries: 1',
      ),
      // One in four commits on a connection of its own; the others are busy at their first attempt.
      [A]: `const { Client } = require('pg');
const tried = new Set();
const busy = (knex) => knex.raw("do $$ begin raise exception 'x' using errcode = '55P03'; end $$");
exports.up = async (knex) => {
  const { s } = (await knex.raw('select current_schema() as s')).rows[0];
  if (${has} && Number(s.slice(2)) % 4 === 0) {
    const own = new Client(process.env.TEST_DATABASE_URL);
    await own.connect();
    await own.query("insert into public.counted values ($1, 'own')", [s]);
    await own.end();
    await busy(knex);
  }
  if (!tried.has(s)) await (tried.add(s), busy(knex));
};
exports.down = async () => {};`,
    });
    const outcome = await up({ TEST_DATABASE_URL: tenants.database.url });
    const own = has ? more.filter((_name, place) => place % 4 === 0) : [];
    // Whose connection it was is not known: where one has any, others may not be tried again either.
    if (!has) expect(outcome.json()).toMatchObject({ done: more.length, failed: [] });
    expect(await tenants.applied()).toEqual(onceEach(own, ['own']));
  });

  it('a resumed run counts only the targets that there are', async () => {
    const url = { TEST_DATABASE_URL: tenants.database.url };
    project = createProject({
      'knexfile.js': fleetKnexfile(ALL_TENANTS),
      [A]: counting('a', "if (process.env.BAD) await knex.raw('select t_02()');").replace(
        'process.env.BAD',
        "process.env.BAD && (await knex.raw('select current_schema() as s')).rows[0].s === 't_02'",
      ),
    });
    expect((await up({ ...url, BAD: '1' })).json()).toMatchObject({ done: 2 });
    await tenants.database.query("delete from tenants where id = 't_00'");
    expect((await up(url, '--resume')).json()).toMatchObject({
      ...{ targets: 2, done: 2, upToDate: 0, failed: [], notReached: [] },
    });
  });
});
