// A runner in the shape of Umzug's README: SQL files by a resolver, and a storage of one's own.
const { readFile } = require('node:fs/promises');
const { Client } = require('pg');
const { Umzug } = require('umzug');

const storage = {
  async executed({ context }) {
    await context.query('create table if not exists umzug_migrations (name text primary key)');
    const { rows } = await context.query('select name from umzug_migrations order by name');
    return rows.map(({ name }) => name);
  },
  logMigration: ({ name, context }) =>
    context.query('insert into umzug_migrations values ($1)', [name]),
  unlogMigration: ({ name, context }) =>
    context.query('delete from umzug_migrations where name = $1', [name]),
};

async function main([command, count]) {
  const client = new Client(process.env.DATABASE_URL);
  await client.connect();
  const run = async (path) => client.query(await readFile(path, 'utf8'));
  const umzug = new Umzug({
    migrations: {
      glob: 'migrations/*.up.sql',
      resolve: ({ name, path }) => ({
        name,
        up: () => run(path),
        down: () => run(path.replace('.up.sql', '.down.sql')),
      }),
    },
    context: client,
    storage,
    logger: console,
  });
  if (command === 'status') console.log(`${(await umzug.pending()).length} pending`);
  else if (command === 'up') console.log(`${(await umzug.up()).length} changes`);
  else console.log(`${(await umzug.down({ step: Number(count) })).length} changes`);
  await client.end();
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
