import { legacyTable } from '../support/db-migrate';
import { tell } from '../support/db-migrate-side-by-side';

const TABLES: Record<string, string> = {
  'migrations/20200101000001-t1.js': legacyTable('t1'),
  'migrations/20200101000002-t2.js': legacyTable('t2'),
  'migrations/20200101000003-t3.js': legacyTable('t3'),
};

describe('the same as db-migrate with a history that two runners have written at once (US6)', () => {
  it('a migration that the history has twice counts where it was applied last', () =>
    tell({
      files: TABLES,
      steps: [
        'up',
        async ({ database }) => {
          const name = '20200101000001-t1';
          const [{ real } = { real: false }] = await database.query<{ real: boolean }>(
            "select to_regclass('migrations') is not null as real",
          );
          await database.query(
            real
              ? `insert into migrations (name, run_on) values ('/${name}', now())`
              : `insert into knex_migrations (name, batch, migration_time) values ('${name}.js', 9, now())`,
          );
        },
        'down --check',
        'down',
        'down',
        'reset',
      ],
    }));
});
