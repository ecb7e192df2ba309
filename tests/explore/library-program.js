// An application that migrates with the library: what a call returns, or throws, is one JSON document.
'use strict';

const [, , call, packageFolder] = process.argv;
const { createMigrator, knexMigrate } = require(packageFolder);

/** How long a person looks at what is to be reverted: others may come in between. */
const THINKS_MS = 1500;

const CALLS = {
  up: async () => {
    const { done, failed, notReached } = await createMigrator().up();
    return { done: done.map(({ name }) => name), failed, notReached };
  },
  down: async () => {
    let shown = [];
    const confirm = async ({ steps }) => {
      shown = steps.map(({ name }) => name);
      await new Promise((resolve) => setTimeout(resolve, THINKS_MS));
    };
    const { done, failed, notReached } = await createMigrator().down({ count: 1, confirm });
    return { direction: 'down', shown, done: done.map(({ name }) => name), failed, notReached };
  },
  latest: async () => {
    const createKnex = require('knex');
    const knex = createKnex(require(`${process.cwd()}/knexfile.js`).development);
    try {
      return { done: (await knexMigrate(knex).latest())[1], failed: null, notReached: [] };
    } finally {
      await knex.destroy();
    }
  },
};

void main();

async function main() {
  let document;
  try {
    document = await CALLS[call]();
  } catch (error) {
    document = { error: { code: error.code ?? null, message: String(error.message) } };
  }
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify(document)}\n`, resolve));
  process.exit(document.error || document.failed ? 1 : 0);
}
