// What Node.js and pg need for the same SQL: each change, with its begin and commit, in one message.
const { readFileSync } = require('node:fs');
const { Client } = require('pg');

async function main(file) {
  const client = new Client(process.env.DATABASE_URL);
  await client.connect();
  const messages = readFileSync(file, 'utf8').split(/(?<=^commit;\n)/m);
  for (const sql of messages.filter(Boolean)) await client.query(sql);
  await client.end();
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
