import { Client } from 'pg';
import { createDatabase, serverAddress, type TestDatabase } from '../support/database';
import { createProject, KNEXFILE, type Project } from '../support/project';

/** Kills the process right before, or right after, the n-th statement that changes a database as a whole. */
const KILL = `const { Client } = require('pg');
const { query } = Client.prototype;
let count = 0;
Client.prototype.query = async function (sql, ...rest) {
  const counts = /(create|drop|alter) database/.test(sql) && ++count === Number(process.env.KILL_AT);
  if (counts && process.env.KILL_WHEN === 'before') process.kill(process.pid, 'SIGKILL');
  const result = await query.call(this, sql, ...rest);
  if (counts) process.kill(process.pid, 'SIGKILL');
  return result;
};`;

describe('knexward reset, killed', () => {
  let database: TestDatabase;
  let project: Project;
  let server: Client;

  beforeEach(async () => {
    database = await createDatabase();
    await database.query('create table before_it (id int)');
    await database.query(`comment on database "${database.name}" is 'ours'`);
    await database.disconnect();
    project = createProject({
      'knexfile.js': KNEXFILE,
      'kill.js': KILL,
      'migrations/20260101000000_a.js': `exports.up = (knex) => knex.raw('create table a (id int)');
        exports.down = (knex) => knex.raw('drop table a');`,
    });
    server = new Client({ ...serverAddress(), database: 'postgres' });
    await server.connect();
  });
  afterEach(async () => {
    project.remove();
    await database.drop();
    await server.end();
  });

  const moments = ['before', 'after'].flatMap((when) => [1, 2, 3].map((at) => [when, at] as const));

  it.each(moments)(
    'US10: %s statement %i: the name has the old database or the new one, and the next reset works',
    async (when, at) => {
      const run = (env = {}) =>
        project.knexward(['reset', '--yes', '--no-seed'], {
          TEST_DATABASE_URL: database.url,
          ...env,
        });
      const killed = await run({
        NODE_OPTIONS: '--require ./kill.js',
        KILL_AT: String(at),
        KILL_WHEN: when,
      });
      expect(killed.code).not.toBe(0);
      const tables = async (): Promise<unknown> => {
        const sql = `select coalesce(string_agg(relname, ','), '') as names from pg_class
                      where relnamespace = 'public'::regnamespace and relkind = 'r'`;
        const rows = await database.query(sql);
        await database.disconnect();
        return rows[0]?.['names'];
      };
      expect(['before_it', '']).toContain(await tables());
      const again = await run();
      expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining('Error')]);
      expect(String(await tables()).split(',')).toContain('a');
      const { rows } = await server.query<{ name: string }>(
        "select datname as name from pg_database where datname like 'knexward\\_reset\\_%'",
      );
      for (const { name } of rows) await server.query(`drop database "${name}"`);
    },
  );
});
