import { type RunWarningCode, type WarningCode } from '../../../src/errors';
import { KNEXFILE } from '../project';
import { dbMigrateHistory, type Scenario, migration } from './scenario';

const DATABASE_JSON = {
  'knexfile.js': null,
  'database.json': '{ "dev": { "driver": "pg", "url": { "ENV": "TEST_DATABASE_URL" } } }',
};
const OLD = 'migrations/20150101000000-old.js';
const NOTHING = 'exports.up = () => null; exports.down = () => null;';
const args = ['adopt', '--dry-run', '--time-zone', 'Europe/Berlin'];

/** A history of one row, whose file exists, at this time. */
const oneRowAt = (runOn: string): Scenario => ({
  files: { ...DATABASE_JSON, [OLD]: NOTHING },
  before: (world) => dbMigrateHistory(world, { '/20150101000000-old': runOn }),
  args,
});

const withFiles = (files: Record<string, string>): Scenario => ({
  files: { ...DATABASE_JSON, ...files },
  args,
});

const script = (command: string): Record<string, string> => ({
  'package.json': JSON.stringify({ scripts: { migrate: command } }),
});

/** For each warning that `adopt` can give: a project in which it does. */
export const WARNING_SCENARIOS: Record<WarningCode, Scenario> = {
  MISSING_FILE: {
    files: DATABASE_JSON,
    before: (world) => dbMigrateHistory(world, { '/20150101000000-gone': '2015-01-01 12:00:00' }),
    args,
  },
  DUPLICATE_ROW: {
    files: { ...DATABASE_JSON, [OLD]: NOTHING },
    before: (world) =>
      dbMigrateHistory(world, {
        '/20150101000000-old': '2015-01-01 12:00:00',
        '20150101000000-old': '2015-01-02 12:00:00',
      }),
    args,
  },
  ALREADY_IN_HISTORY: {
    files: { ...DATABASE_JSON, [OLD]: NOTHING },
    before: async (world) => {
      world.project.write({ 'other/knexfile.js': KNEXFILE.replace('./mig', '../mig') });
      await world.run('up', '--knexfile', 'other/knexfile.js');
      await dbMigrateHistory(world, { '/20150101000000-old': '2015-01-01 12:00:00' });
    },
    args,
  },
  // In Berlin the clocks went from 2:00 to 3:00 on that day.
  TIME_DOES_NOT_EXIST: oneRowAt('2015-03-29 02:30:00'),
  // And on that one from 3:00 to 2:00.
  TIME_AMBIGUOUS: oneRowAt('2015-10-25 02:30:00'),
  KNEXFILE_KEPT: withFiles({ 'knexfile.js': KNEXFILE.replace('development', 'dev') }),
  ENVIRONMENT_LEFT_OUT: withFiles({
    'database.json': JSON.stringify({
      test: { driver: 'sqlite3', filename: 'test.db' },
      dev: { driver: 'pg', url: { ENV: 'TEST_DATABASE_URL' } },
    }),
  }),
  FILES_LEFT_OUT: withFiles({ [OLD]: NOTHING, [OLD.replace('.js', '.ts')]: NOTHING }),
  SCRIPT_LEFT: withFiles(script('db-migrate transition')),
  SCRIPT_CHANGED: withFiles(script('NODE_ENV=staging db-migrate up')),
  CALLER_LEFT: withFiles({ 'server.js': "require('db-migrate').getInstance(true).up();" }),
  CALLERS_NOT_ALL_SEARCHED: withFiles(
    Object.fromEntries(Array.from({ length: 5001 }, (_, i) => [`generated/${i}.js`, ''])),
  ),
  DRIFT: {
    files: { ...DATABASE_JSON, [OLD]: NOTHING },
    before: async (world) => {
      await dbMigrateHistory(world, { '/20150101000000-old': '2015-01-01 12:00:00' });
      await world.database.query('create table made_by_hand (id int)');
    },
    args: ['adopt', '--verify', '--dry-run', '--time-zone', 'UTC'],
  },
  UNDO_LEFT: {
    files: { ...DATABASE_JSON, ...script('db-migrate up') },
    before: async ({ run, project }) => {
      await run('adopt', '--yes');
      project.write(script('knexward up --count 3'));
    },
    args: ['adopt', '--undo', '--dry-run'],
  },
  KNEX_FILES_LEFT: {
    files: { ...DATABASE_JSON, ...script('db-migrate up') },
    before: ({ run }) => run('adopt', '--yes'),
    args: ['adopt', '--undo', '--dry-run'],
  },
  IMPLICIT_DEPENDENCY: withFiles({
    ...script('node .'),
    [OLD]: `const async = require('async'); ${NOTHING}`,
  }),
};

/** For each warning that a run can give: a project in which it does. */
export const RUN_WARNING_SCENARIOS: Record<RunWarningCode, Scenario> = {
  LEFT_LOCK: {
    files: { 'migrations/20260101000001_b.js': migration('') },
    once: true,
    before: async ({ run, database }) => {
      await run('up', '-c', '1');
      await database.query(`
        create function refuse() returns trigger language plpgsql as
          $$ begin raise exception 'the disk is full'; end $$;
        create trigger refuse before update on knex_migrations_lock
          for each row when (new.is_locked = 0) execute function refuse();`);
    },
    args: ['up'],
  },
  NOT_IN_JOURNAL: {
    files: { 'migrations/20260101000001_b.js': migration("await knex.raw('select broken');") },
    once: true,
    before: async ({ run, database }) => {
      await run('up', '-c', '1');
      await database.query(`
        create function refuse() returns trigger language plpgsql as
          $$ begin raise exception 'the disk is full'; end $$;
        create trigger refuse before insert on knexward_journal
          for each row when (new.event = 'failed') execute function refuse();`);
    },
    args: ['up'],
  },
  CHANGED_FILE: {
    files: { 'migrations/20260101000001_b.js': migration('') },
    before: async ({ run, project }) => {
      await run('up');
      project.write({ 'migrations/20260101000001_b.js': migration('// edited') });
    },
    args: ['up'],
  },
  EMPTY_MIGRATION: {
    files: { 'migrations/20260101000001_b.js': migration('') },
    once: true,
    args: ['up'],
  },
  NOT_RETRIED: {
    files: {
      'migrations/20260101000001_b.js': `
        const { Client } = require('pg');
        exports.up = async (knex) => {
          const own = new Client({ connectionString: process.env.TEST_DATABASE_URL });
          await own.connect();
          await own.end();
          await knex.raw("do $$ begin raise exception using errcode = '55P03'; end $$");
        };`,
    },
    once: true,
    args: ['up'],
  },
  OUT_OF_ORDER: {
    once: true,
    before: async ({ run, project }) => {
      await run('up');
      project.write({ 'migrations/20250101000000_late.js': migration('') });
    },
    args: ['up'],
  },
  ENDED_ITS_TRANSACTION: {
    files: { 'migrations/20260101000001_b.up.sql': 'create table b (id int); commit;' },
    once: true,
    args: ['up'],
  },
};
