// A runner in a process of its own, which a test can kill: loads knexward as it is built, says that
// it is ready, and carries out one request after the other.
'use strict';

const { join } = require('node:path');
const dist = join(__dirname, '../../dist');
const { resolveConfig } = require(join(dist, 'config/resolve.js'));
const { upOrDown } = require(join(dist, 'adopt/up-or-down.js'));
const { adopt } = require(join(dist, 'adopt/adopt.js'));
const { finishTakeover } = require(join(dist, 'adopt/phases/finish.js'));
const { undoTakeover } = require(join(dist, 'adopt/phases/undo.js'));
const { readStatus } = require(join(dist, 'maintain/status.js'));
const { resolveMigration } = require(join(dist, 'maintain/resolve.js'));
require('knex');

console.log = console.error;

const ACTIONS = {
  up: async (request) => upOrDown(await resolveConfig(request), { direction: 'up' }),
  down: async (request) =>
    upOrDown(await resolveConfig(request), { direction: 'down', extent: { all: true } }),
  adopt: (request) => adopt({ ...request, databaseOnly: true, timeZone: 'UTC' }),
  finish: (request) => finishTakeover({ ...request, databaseOnly: true }),
  undo: (request) => undoTakeover({ ...request, databaseOnly: true }),
  status: async (request) => readStatus(await resolveConfig(request)),
  resolve: async (request) =>
    resolveMigration(await resolveConfig(request), request.name, request.verdict),
};

process.on('unhandledRejection', () => {});
process.on('message', async ({ id, action, cwd, url, ...rest }) => {
  process.env.TEST_DATABASE_URL = url;
  try {
    const value = await ACTIONS[action]({ cwd, ...rest });
    process.send({ id, value: JSON.parse(JSON.stringify(value ?? null)) });
  } catch (error) {
    process.send({ id, error: { code: error.code, message: error.message } });
  }
});
process.send('ready');
