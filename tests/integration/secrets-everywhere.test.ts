import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { createDatabase, createRole, type TestDatabase, type TestRole } from '../support/database';
import { createProject, type Project } from '../support/project';

const MARKER = 'Zq9-Marker_x7';

const knexfile = (connection: string, before = ''): string =>
  `${before}module.exports = { client: 'pg', connection: ${connection}, migrations: { directory: './migrations' } };`;

/** The same migration, written for Knex, for the bare connection, and with a block around it. */
const MIGRATIONS = {
  'migrations/20260101000000_a.js': `
exports.up = (knex) => knex.raw("select '${MARKER}', 'at ${MARKER}' from nowhere");
exports.down = () => {};`,
  'migrations/20260101000000_a.up.sql': `do $$ begin raise exception 'no: ${MARKER}' using detail = '${MARKER}', hint = '${MARKER}'; end $$;`,
};

interface Way {
  knexfile?: string;
  files?: Record<string, string>;
  env?: Record<string, string>;
  args?: string[];
}

describe('a password is shown nowhere, however it was given', () => {
  let database: TestDatabase;
  let role: TestRole;
  let project: Project;
  let url: URL;

  beforeAll(async () => {
    database = await createDatabase();
    role = await createRole();
    await database.query(`alter role "${role.name}" password '${MARKER}'`);
    await database.query(`grant all on schema public to "${role.name}"`);
    await database.query(`grant create on database "${database.name}" to "${role.name}"`);
    url = new URL(role.url(database));
    url.password = MARKER;
  });
  beforeEach(() => (project = createProject({})));
  afterEach(() => project.remove());
  afterAll(async () => {
    await role.drop(database);
    await database.drop();
  });

  const parts = (): string =>
    `host: '${url.hostname}', port: ${url.port}, user: '${url.username}', database: '${database.name}'`;
  const place = (): Record<string, string> => ({
    ...{ PGHOST: url.hostname, PGPORT: url.port, PGUSER: url.username, PGDATABASE: database.name },
  });
  const secret = `const secret = ['Zq9', '-Marker', '_x7'].join('');\n`;

  const WAYS: Record<string, () => Way> = {
    'a URL in the knexfile': () => ({ knexfile: knexfile(`'${url.href}'`) }),
    'an object in the knexfile': () => ({
      knexfile: knexfile(`{ ${parts()}, password: '${MARKER}' }`),
    }),
    'connection: () => …': () => ({
      knexfile: knexfile(`() => ({ ${parts()}, password: secret })`, secret),
    }),
    'connection: async () => …': () => ({
      knexfile: knexfile(`async () => ({ ${parts()}, password: secret })`, secret),
    }),
    'password: () => …': () => ({
      knexfile: knexfile(`{ ${parts()}, password: () => secret }`, secret),
    }),
    'password: async () => …, from a function': () => ({
      knexfile: knexfile(`async () => ({ ${parts()}, password: async () => secret })`, secret),
    }),
    'a pg.Pool': () => ({
      knexfile: `${secret}module.exports = { client: 'pg', connectionPool: new (require('pg').Pool)({ ${parts()}, password: secret }), migrations: { directory: './migrations' } };`,
    }),
    'a password file': () => ({
      knexfile: knexfile(`{ ${parts()} }`),
      files: { pgpass: `*:*:*:*:${MARKER}\n` },
      env: { PGPASSFILE: join(project.root, 'pgpass') },
    }),
    PGPASSWORD: () => ({ knexfile: knexfile(`{ ${parts()} }`), env: { PGPASSWORD: MARKER } }),
    'PG* variables alone': () => ({ env: { ...place(), PGPASSWORD: MARKER } }),
    DATABASE_URL: () => ({ env: { DATABASE_URL: url.href } }),
    '.env': () => ({
      knexfile: knexfile(
        'process.env.DATABASE_URL',
        `require('knexward').readDotenv(__dirname);\n`,
      ),
      files: { '.env': `DATABASE_URL=${url.href}\n` },
    }),
    '--url': () => ({ args: ['--url', url.href] }),
  };

  /** Each with both, so that all of them come to every way. */
  const MODES: Record<keyof typeof MIGRATIONS, string[][]> = {
    'migrations/20260101000000_a.js': [['--json'], ['--log-level', 'debug']],
    'migrations/20260101000000_a.up.sql': [[], ['--log-format', 'json']],
  };

  describe.each(Object.keys(WAYS))('%s', (name) => {
    it.each(Object.keys(MIGRATIONS) as (keyof typeof MIGRATIONS)[])('%s', async (path) => {
      const way = (WAYS[name] as () => Way)();
      project.write({ [path]: MIGRATIONS[path], ...way.files });
      if (way.knexfile !== undefined) project.write({ 'knexfile.js': way.knexfile });
      if (way.files?.['pgpass']) chmodSync(join(project.root, 'pgpass'), 0o600);
      for (const mode of MODES[path]) {
        const { code, stdout, stderr } = await project.knexward(
          ['up', ...mode, ...(way.args ?? [])],
          way.env ?? {},
        );
        expect({ code, stdout, stderr }).toMatchObject({ code: 1 });
        expect(stdout + stderr).not.toContain(MARKER);
        expect(stdout + stderr).toContain('***');
      }
      const journal = await database.query<{ line: string }>(
        'select j::text as line from knexward_journal j',
      );
      expect(journal.length).toBeGreaterThan(0);
      expect(journal.map(({ line }) => line).join('\n')).not.toContain(MARKER);
    });
  });
});
