import { KnexSideBySide, LATEST, ROLLBACK } from '../support/knex-side-by-side';

/** Writes down what a migration, or a hook, sees of the instance that it is handed. */
const NOTES = `
const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
exports.note = (what, value) =>
  appendFileSync(join(__dirname, 'notes.jsonl'), JSON.stringify([what, value ?? null]) + '\\n');
exports.outcome = async (work) => {
  try { return await work(); } catch (error) { return 'error: ' + error.message; }
};
`;

const LOOKS = `
const { note, outcome } = require('../notes.js');
exports.up = async function (knex) {
  const { config } = knex.client;
  note('migrations', config.migrations);
  note('seeds', config.seeds);
  note('client', config.client);
  note('own key', config.knexward);
  note('database', typeof knex.client.database());
  note('name', knex.client.database());
  note('user parameters', { ours: knex.userParams.ours });
  note('transaction', Boolean(knex.isTransaction));
  note('this', Object.keys(this).sort());
  await knex.schema.createTable('someThings', (table) => { table.increments('someId'); table.string('someName'); });
  await knex('someThings').insert({ someName: 'a' });
  note('rows', await knex('someThings').select('someId', 'someName'));
  note('columns', (await knex.raw("select column_name from information_schema.columns where table_name = 'some_things' order by 1")).rows);
  await knex.seed.run();
  note('after the seeds', await knex('someThings').count());
  note('version', await outcome(() => knex.migrate.currentVersion()));
  note('list', await outcome(() => knex.migrate.list()));
  note('identifiers after it', await outcome(() => knex('some_things').count()));
};
exports.down = async (knex) => { await knex.schema.dropTable('someThings'); };
`;
const AGAIN = `
const { note } = require('../notes.js');
exports.up = async (knex) => {
  note('the next one', await knex('someThings').first('someName'));
};
exports.down = async (knex) => { note('back', Boolean(knex.isTransaction)); };
`;
const OUTSIDE = `${AGAIN} exports.config = { transaction: false };`;

const CONFIGURATION = (connection: string, more: string) => `
const { note } = require('./notes.js');
const snake = (name) => name.replace(/[A-Z]/g, (letter) => '_' + letter.toLowerCase());
const camel = (name) => name.replace(/_([a-z])/g, (_all, letter) => letter.toUpperCase());
const entries = (row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [camel(key), value]));
const hook = (name) => async (knex, migrations) => {
  note(name, { migrations, transaction: Boolean(knex.isTransaction), function: typeof knex.raw });
  note(name + ' sees', knex.client.wrapIdentifier('someName'));
};
module.exports = {
  development: {
    client: 'pg',
    connection: ${connection},
    userParams: { ours: 'yes' },
    asyncStackTraces: true,
    wrapIdentifier: (value, wrap) => wrap(value === '*' ? value : snake(value)),
    postProcessResponse: (result) => Array.isArray(result) ? result.map(entries) : result,
    seeds: { directory: './seeds' },
    migrations: {
      directory: './migrations',
      beforeAll: hook('beforeAll'), beforeEach: hook('beforeEach'),
      afterEach: hook('afterEach'), afterAll: hook('afterAll'),
      ${more}
    },
  },
};
`;

const FILES = {
  'notes.js': NOTES,
  'migrations/20240101000000_a.js': LOOKS,
  'migrations/20240101000001_b.js': AGAIN,
  'seeds/s.js': "exports.seed = (knex) => knex('someThings').insert({ someName: 'seeded' });",
};
const OBJECT = `(({ hostname, port, username, password, pathname }) => ({
  host: hostname, port: Number(port), user: username, password, database: pathname.slice(1),
}))(new URL(process.env.TEST_DATABASE_URL))`;

describe('what a migration and a hook see of Knex, under Knex and under knexward', () => {
  test.each<[string, Record<string, string>]>([
    ['a URL', { 'knexfile.js': CONFIGURATION('process.env.TEST_DATABASE_URL', '') }],
    ['an object', { 'knexfile.js': CONFIGURATION(OBJECT, '') }],
    [
      'an object with a connectionString',
      { 'knexfile.js': CONFIGURATION('{ connectionString: process.env.TEST_DATABASE_URL }', '') },
    ],
    [
      'one migration outside of a transaction',
      {
        'knexfile.js': CONFIGURATION('process.env.TEST_DATABASE_URL', ''),
        'migrations/20240101000002_c.js': OUTSIDE,
      },
    ],
    [
      'a table of another name',
      { 'knexfile.js': CONFIGURATION('process.env.TEST_DATABASE_URL', "tableName: 'changes',") },
    ],
  ])('%s', async (_name, files) => {
    const sides = await KnexSideBySide.create({ ...FILES, ...files });
    const notes = (database: string): string[] => {
      const text = sides.project.read('notes.jsonl');
      sides.project.write({ 'notes.jsonl': '' });
      return text.replaceAll(database, 'the database').split('\n');
    };
    try {
      for (const { knex, knexward } of [LATEST, ROLLBACK]) {
        expect(await sides.knex(knex)).toMatchObject({ code: 0 });
        const expected = notes(sides.real.name);
        expect(expected.length).toBeGreaterThan(2);
        const { code, stderr } = await sides.knexward(knexward);
        expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
        expect(notes(sides.own.name)).toEqual(expected);
      }
    } finally {
      await sides.remove();
    }
  });
});
