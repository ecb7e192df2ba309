import { createDatabase, type TestDatabase } from '../support/database';
import { textOf } from '../support/documents';
import { createProject, KNEXFILE, type Outcome, type Project } from '../support/project';

const A = '20260101000000_a.js';
const B = '20260102000000_b.js';
const table = (name: string, more = ''): string => `${more}
exports.up = (knex) => knex.raw('create table ${name} (id int)');
exports.down = (knex) => knex.raw('drop table ${name}');
`;
const OPT_OUT = 'exports.config = { transaction: false };\n';
const OPTED_OUT = table('b', OPT_OUT);
const KILLED = `exports.up = async (knex) => {
  await knex.raw('create table a (id int)');
  if (process.env.DIE) process.kill(process.pid, 'SIGKILL');
};
exports.down = (knex) => knex.raw('drop table a');
`;

/** A project and a database of its own, for one of the two tools. */
class World {
  private constructor(
    readonly database: TestDatabase,
    readonly project: Project,
  ) {}

  static async with(migrations: Record<string, string>, knexfile = KNEXFILE): Promise<World> {
    const files = Object.entries(migrations).map(([name, text]) => [`migrations/${name}`, text]);
    return new World(
      await createDatabase(),
      createProject({ 'knexfile.js': knexfile, ...(Object.fromEntries(files) as object) }),
    );
  }

  private env = (more: Record<string, string>): Record<string, string> => ({
    ...{ TEST_DATABASE_URL: this.database.url },
    ...more,
  });
  knex = (args: string[], env = {}): Promise<Outcome> =>
    this.project.node(['node_modules/knex/bin/cli.js', ...args], this.env(env));
  knexward = (args: string[], env = {}): Promise<Outcome> =>
    this.project.knexward(args, this.env(env));
  killed = (args: string[]): Promise<Outcome> =>
    this.project.knexwardProcess(args, this.env({ DIE: '1' }));
  async applied(): Promise<string[]> {
    const rows = await this.database.query<{ name: string }>(
      'select name from knex_migrations order by id',
    );
    return rows.map(({ name }) => name);
  }
  write(name: string, text: string): void {
    this.project.write({ [`migrations/${name}`]: text });
  }
  rename(from: string, to: string, text = this.project.read(`migrations/${from}`)): void {
    this.project.delete(`migrations/${from}`);
    this.write(to, text);
  }
  async end(): Promise<void> {
    this.project.remove();
    await this.database.drop();
  }
}

/** The same beginning for both: real Knex, and knexward. */
async function both(
  migrations: Record<string, string>,
  compare: (knex: World, knexward: World) => Promise<void>,
  knexfile = KNEXFILE,
): Promise<void> {
  const worlds = [await World.with(migrations, knexfile), await World.with(migrations, knexfile)];
  try {
    await compare(...(worlds as [World, World]));
  } finally {
    for (const world of worlds) await world.end();
  }
}

const latest = ['migrate:latest'];

/** For each heading of the page: what it says of Knex, and of knexward. */
const ANSWERS: Record<string, () => Promise<void>> = {
  'A stuck lock': () =>
    both({ [A]: KILLED, [B]: OPTED_OUT }, async (knex, knexward) => {
      expect((await knex.knex(latest, { DIE: '1' })).signal).toBe('SIGKILL');
      const stuck = await knex.knex(latest);
      expect([stuck.code, stuck.stderr + stuck.stdout]).toEqual([
        ...[1, expect.stringContaining('already locked') as string],
      ]);
      expect((await knexward.killed(['up'])).signal).toBe('SIGKILL');
      expect(await knexward.knexward(['up'])).toMatchObject({ code: 0 });
      expect(await knexward.applied()).toEqual([A, B]);
    }),

  'A second runner fails': () => {
    const slow = table('a').replace("'create table", "'select pg_sleep(2); create table");
    return both({ [A]: slow, [B]: OPTED_OUT }, async (knex, knexward) => {
      await knex.knex(['migrate:list']);
      const codes = async (run: () => Promise<Outcome>): Promise<(number | null)[]> =>
        (await Promise.all([run(), run()])).map(({ code }) => code).sort();
      expect(await codes(() => knex.knex(latest))).toEqual([0, 1]);
      expect(await codes(() => knexward.knexward(['up']))).toEqual([0, 0]);
    });
  },

  'The same migration runs twice': () =>
    both({ [A]: table('a') }, async (knex, knexward) => {
      await knex.knex(latest);
      await knexward.knexward(['up']);
      for (const { database, write } of [knex, knexward].map((world) => ({
        ...{ database: world.database, write: world.write.bind(world) },
      }))) {
        write(B, table('b'));
        write('20260103000000_c.js', table('c', OPT_OUT));
        await database.query(`create function lost() returns trigger language plpgsql as
          'begin perform pg_terminate_backend(pg_backend_pid()); return new; end';
          create trigger lost before insert on knex_migrations for each row execute function lost()`);
      }
      expect((await knex.knex(latest)).code).toBe(1);
      expect((await knexward.knexward(['up'])).code).not.toBe(0);
      for (const { database } of [knex, knexward])
        await database.query('drop trigger lost on knex_migrations');
      await knex.knex(['migrate:unlock']);
      const again = await knex.knex(latest);
      expect(again.stderr + again.stdout).toContain('relation "b" already exists');
      expect(await knexward.knexward(['up'])).toMatchObject({ code: 0 });
    }),

  'The migration directory is corrupt': () =>
    both({ [A]: table('a'), [B]: table('b') }, async (knex, knexward) => {
      await knex.knex(latest);
      await knexward.knexward(['up']);
      for (const world of [knex, knexward]) world.rename(A, '20260103000000_c.js', table('c'));
      expect((await knex.knex(latest)).stderr).toContain('migration directory is corrupt');
      expect(await knexward.knexward(['up'])).toMatchObject({ code: 0 });
      const { problems } = (await knexward.knexward(['status', '--json'])).json();
      expect(problems).toMatchObject([{ code: 'MISSING_FILE', migration: A }]);
    }),

  'An old release on a newer database': () =>
    both({ [A]: table('a'), [B]: table('b') }, async (knex, knexward) => {
      await knex.knex(latest);
      await knexward.knexward(['up']);
      for (const { project } of [knex, knexward]) project.delete(`migrations/${B}`);
      expect((await knex.knex(latest)).stderr).toContain('migration directory is corrupt');
      expect((await knexward.knexward(['up'])).stdout).toContain('Already up to date');
      const { problems } = (await knexward.knexward(['status', '--json'])).json();
      expect(problems).toMatchObject([{ code: 'AHEAD' }]);
    }),

  'From .js to .ts': () =>
    both({ [A]: table('a') }, async (knex, knexward) => {
      await knex.knex(latest);
      await knexward.knexward(['up']);
      const typed = A.replace('.js', '.ts');
      for (const world of [knex, knexward]) world.rename(A, typed);
      expect((await knex.knex(latest)).stderr).toContain('migration directory is corrupt');
      expect((await knexward.knexward(['up'])).stdout).toContain('Already up to date');
      expect(await knexward.knexward(['resolve', A, '--renamed-to', typed])).toMatchObject({
        ...{ code: 0 },
      });
      expect(await knexward.applied()).toEqual([typed]);
    }),

  'Renamed files': () =>
    both({ [A]: table('a') }, async (knex, knexward) => {
      await knex.knex(latest);
      await knexward.knexward(['up']);
      for (const world of [knex, knexward]) world.rename(A, B);
      expect((await knex.knex(latest)).stderr).toContain('migration directory is corrupt');
      const refused = await knexward.knexward(['up']);
      expect(refused.stderr).toContain(`"knexward resolve ${A} --renamed-to ${B}"`);
      await knexward.knexward(['resolve', A, '--renamed-to', B]);
      expect(await knexward.knex(['migrate:status'])).toMatchObject({ code: 0 });
    }),

  'A dry run': () =>
    both({ [A]: table('a') }, async (knex, knexward) => {
      expect((await knex.knex([...latest, '--dry-run'])).stderr).toContain('unknown option');
      expect((await knexward.knexward(['plan'])).stdout).toContain('create table a (id int);');
      expect(
        await knexward.database.query("select from pg_tables where schemaname = 'public'"),
      ).toEqual([]);
    }),

  'A transaction for each migration': () =>
    both({ [A]: table('a'), [B]: table('b.b') }, async (knex, knexward) => {
      await knex.knex(latest);
      expect(await knex.applied()).toEqual([]);
      await knexward.knexward(['up']);
      expect(await knexward.applied()).toEqual([A]);
    }),

  Squash: () =>
    both({ [A]: table('a'), [B]: table('b') }, async (knex, knexward) => {
      expect((await knex.knex(['migrate:squash'])).stdout).not.toContain('squashed');
      expect(await knexward.knexward(['baseline'])).toMatchObject({ code: 0 });
      const { baseline } = (await knexward.knexward(['up', '--json'])).json();
      expect(baseline).toMatchObject({ migrations: 2 });
      expect(await knexward.applied()).toEqual([A, B]);
    }),

  'Sub-folders': () =>
    both({ [A]: table('a'), [`billing/${B}`]: table('b') }, async (knex, knexward) => {
      await knex.knex(latest);
      expect(await knex.applied()).toEqual([A]);
      await knexward.knexward(['up']);
      await knexward.knexward(['up', '--scope', 'billing']);
      expect(await knexward.applied()).toEqual([A, `billing/${B}`]);
    }),

  'An optional down': () =>
    both({ [A]: table('a').replace(/exports.down.*/, '') }, async (knex, knexward) => {
      expect((await knex.knex(latest)).stderr).toContain('must have both an up and down function');
      expect(await knexward.knexward(['up'])).toMatchObject({ code: 0 });
      expect((await knexward.knexward(['down'])).stderr).toContain('INVALID_MIGRATION');
      expect(await knexward.applied()).toEqual([A]);
    }),

  'The list as JSON': () =>
    both({ [A]: table('a') }, async (knex, knexward) => {
      expect((await knex.knex(['migrate:list', '--json'])).stderr).toContain('unknown option');
      expect((await knexward.knexward(['status', '--json'])).json()).toMatchObject({
        ...{ version: 1, applied: [], pending: [{ name: A }] },
      });
    }),

  'Hooks from the command line': () => {
    const hooked = KNEXFILE.replace(
      "directory: './migrations'",
      "directory: './migrations', afterAll: async () => console.error('the hook ran')",
    );
    return both(
      { [A]: table('a') },
      async (knex, knexward) => {
        const told = await knex.knex(latest);
        expect(told.stderr).toContain('the hook ran');
        expect((await knexward.knexward(['up'])).stderr).toContain('the hook ran');
      },
      hooked,
    );
  },

  'An out-of-order guard': () =>
    both(
      { [B]: table('b') },
      async (knex, knexward) => {
        await knex.knex(latest);
        await knexward.knexward(['up']);
        for (const world of [knex, knexward]) world.write(A, table('a'));
        expect(await knex.knex(latest)).toMatchObject({ code: 0 });
        expect(await knex.applied()).toEqual([B, A]);
        expect((await knexward.knexward(['up'])).stderr).toContain('OUT_OF_ORDER');
        expect(await knexward.applied()).toEqual([B]);
      },
      KNEXFILE.replace("client: 'pg',", "client: 'pg', knexward: { outOfOrder: 'refuse' },"),
    ),

  'Tenant schemas': () =>
    both(
      { [A]: table('a') },
      async (knex, knexward) => {
        for (const world of [knex, knexward]) {
          await world.database.query('create schema one; create schema two');
          for (const TENANT of ['one', 'two']) {
            const run =
              world === knex ? world.knex(latest, { TENANT }) : world.knexward(['up'], { TENANT });
            expect(await run).toMatchObject({ code: 0 });
          }
          expect(
            await world.database.query(
              "select schemaname from pg_tables where tablename in ('a', 'knex_migrations') order by 1",
            ),
          ).toEqual(['one', 'one', 'two', 'two'].map((schemaname) => ({ schemaname })));
        }
      },
      KNEXFILE.replace(
        "directory: './migrations' }",
        "directory: './migrations', schemaName: process.env.TENANT }, searchPath: [process.env.TENANT]",
      ),
    ),

  'CREATE INDEX CONCURRENTLY': () => {
    const index = `${OPT_OUT}exports.up = async (knex) => {
  await knex.raw('create index concurrently a_id on a (id)');
  if (process.env.DIE) process.kill(process.pid, 'SIGKILL');
};
exports.down = (knex) => knex.raw('drop index a_id');
`;
    return both({ [A]: table('a'), [B]: index }, async (knex, knexward) => {
      await knex.knex(latest, { DIE: '1' });
      await knex.knex(['migrate:unlock']);
      const again = await knex.knex(latest);
      expect(again.stderr + again.stdout).toContain('relation "a_id" already exists');
      await knexward.killed(['up']);
      const refused = await knexward.knexward(['up']);
      expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('UNFINISHED')]);
      await knexward.knexward(['resolve', B, '--applied']);
      expect((await knexward.knexward(['up'])).stdout).toContain('Already up to date');
    });
  },

  'NOT VALID': () => {
    const noted = (sql: string): string =>
      `exports.up = (knex) => knex.raw('${sql}; insert into seen values (txid_current())');
exports.down = async () => {};\n`;
    return both(
      {
        [A]: noted('alter table t add constraint c check (id > 0) not valid'),
        [B]: noted('alter table t validate constraint c'),
      },
      async (knex, knexward) => {
        for (const world of [knex, knexward]) {
          await world.database.query(
            'create table t (id int); create table seen (transaction bigint)',
          );
        }
        await knex.knex(latest);
        await knexward.knexward(['up']);
        const transactions = ({ database }: World) =>
          database.query('select distinct transaction from seen');
        expect(await transactions(knex)).toHaveLength(1);
        expect(await transactions(knexward)).toHaveLength(2);
      },
    );
  },

  'Opting out is ignored': () => {
    const index = `${OPT_OUT}exports.up = (knex) => knex.raw('create index concurrently a_id on a (id)');
exports.down = (knex) => knex.raw('drop index concurrently a_id');
`;
    return both({ [A]: table('a'), [B]: index }, async (knex, knexward) => {
      await knex.knex(latest);
      await knexward.knexward(['up']);
      const all = await knex.knex(['migrate:rollback', '--all']);
      expect([all.code, all.stderr + all.stdout]).toEqual([0, expect.any(String)]);
      expect(await knexward.knexward(['down', '--all'])).toMatchObject({ code: 0 });
    });
  },

  Templates: () =>
    both({ [A]: table('a') }, async (knex, knexward) => {
      expect((await knex.knex(['migrate:make', 'x', '-x', 'sql'])).code).toBe(1);
      expect(await knexward.knexward(['create', 'x', '--sql'])).toMatchObject({ code: 0 });
    }),
};

describe('docs/for-knex-users.md, held against Knex 3.3 (US10)', () => {
  it('has an answer for each heading, and a heading for each answer', () => {
    const headings = [...textOf('docs/for-knex-users.md').matchAll(/^## (.*)$/gm)];
    expect(headings.map(([, heading]) => heading)).toEqual(Object.keys(ANSWERS));
  });

  it.each(Object.keys(ANSWERS))('%s', async (heading) => {
    await ANSWERS[heading]?.();
  });
});
