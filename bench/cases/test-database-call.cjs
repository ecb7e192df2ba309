// Makes a test database in a process that has made one before, and says how long that took.
'use strict';

const { performance } = require('node:perf_hooks');
const { createTestDatabase } = require('knexward');
const { Client } = require('pg');

const MIGRATIONS = 374;

async function main() {
  const before = await createTestDatabase();
  await before.drop();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const database = await createTestDatabase();
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const client = new Client(database.connection);
  await client.connect();
  const { rows } = await client.query('select count(*)::int as n from knex_migrations');
  await client.end();
  await database.drop();
  if (rows[0].n !== MIGRATIONS) throw new Error(`${rows[0].n} migrations instead of ${MIGRATIONS}`);
  console.log(`took ${wallMs.toFixed(2)} ms, ${((user + system) / 1000).toFixed(2)} ms of CPU`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
