import { type ProblemCode } from '../../../src/errors';
import { dbMigrateHistory, FIRST, migration, type Scenario } from './scenario';

const args = ['status'];

/** For each problem that `status` can tell of: a project in which it does. */
export const PROBLEM_SCENARIOS: Record<ProblemCode, Scenario> = {
  NOT_ADOPTED: {
    before: (world) => dbMigrateHistory(world, { '/20150101000000-old': '2015-01-01 12:00:00' }),
    args,
  },
  MISSING_FILE: {
    before: async ({ run, database }) => {
      await run('up');
      await database.query("update knex_migrations set name = '20200101000000_gone.js'");
    },
    args,
  },
  RENAMED_FILE: {
    before: async ({ run, project }) => {
      await run('up');
      const content = project.read(`migrations/${FIRST}`);
      project.delete(`migrations/${FIRST}`);
      project.write({ 'migrations/20260101000001_renamed.js': content });
    },
    args,
  },
  DUPLICATE_ROW: {
    before: async ({ run, database }) => {
      await run('up');
      await database.query('insert into knex_migrations (name, batch) values ($1, 2)', [FIRST]);
    },
    args,
  },
  ROW_WITHOUT_NAME: {
    before: async ({ run, database }) => {
      await run('up');
      await database.query('insert into knex_migrations (batch) values (2)');
    },
    args,
  },
  UNFINISHED: {
    files: {
      'migrations/20260101000001_b.js': `${migration("process.kill(process.pid, 'SIGKILL');")}
        exports.config = { transaction: false };`,
    },
    before: ({ run }) => run('up'),
    args,
  },
  FAILED: {
    files: { 'migrations/20260101000001_b.js': migration("await knex.raw('select broken');") },
    before: ({ run }) => run('up'),
    args,
  },
  PARTLY_REVERTED: {
    files: {
      'migrations/20260101000000_first.js': `exports.up = async () => {};
        exports.down = (knex) => knex.raw('select broken');`,
      'migrations/20260101000001_b.js': migration(''),
    },
    before: async ({ run }) => {
      await run('up');
      await run('down');
    },
    args,
  },
  AHEAD: {
    before: async ({ run, database }) => {
      await run('up');
      await database.query(
        "insert into knex_migrations (name, batch) values ('20270101000000_newer.js', 2)",
      );
    },
    args,
  },
  CHANGED_FILE: {
    before: async ({ run, project }) => {
      await run('up');
      project.write({ [`migrations/${FIRST}`]: migration('') });
    },
    args,
  },
  OUT_OF_ORDER: {
    before: async ({ run, project }) => {
      await run('up');
      project.write({ 'migrations/20250101000000_late.js': migration('') });
    },
    args,
  },
  KNEX_LOCKED: {
    before: async ({ run, database }) => {
      await run('up');
      await database.query('update knex_migrations_lock set is_locked = 1');
    },
    args,
  },
  // A run that is killed in a transaction leaves nothing but that row.
  LEFT_LOCK: {
    files: {
      'migrations/20260101000001_b.js': migration("process.kill(process.pid, 'SIGKILL');"),
    },
    before: ({ run }) => run('up'),
    args,
  },
};
