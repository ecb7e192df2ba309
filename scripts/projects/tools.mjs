// Real db-migrate and knexward, in a project's folder, with the environment its configuration asks for.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '../smoke/install.mjs';

const DB_MIGRATE = join(REPOSITORY, 'node_modules/db-migrate/bin/db-migrate');
const KNEXWARD = join(REPOSITORY, 'bin/knexward.js');
const MINUTE = 60_000;

/** What is not as it should be. */
export class Finding extends Error {}

/** The two tools for a project. Each call stops with a finding where the tool fails, unless it may. */
export function toolsFor(project, login, folder, verbose) {
  const env = environmentOf(project, login);
  const run = async (tool, program, args, mayFail) => {
    const outcome = await execute([program, ...args], folder, env);
    if (verbose) console.log(`$ ${tool} ${args.join(' ')}\n${outcome.output}`);
    if (outcome.code !== 0 && !mayFail) {
      throw new Finding(
        `${tool} ${args.join(' ')}: exit ${outcome.code}\n${outcome.output.slice(-3000)}`,
      );
    }
    return outcome;
  };
  const { arguments: given = [], knexward = [], adopt = [] } = project;
  const adopting = (args, mayFail) =>
    run('knexward', KNEXWARD, ['adopt', '--yes', '--time-zone', 'UTC', ...args], mayFail);
  // Where the first environment was taken over, the knexfile stands in the configuration's place.
  const withoutConfig = adopt.filter((word, n) => ![word, adopt[n - 1]].includes('--config'));
  return {
    dbMigrate: (command, { mayFail = false, args = [] } = {}) =>
      run('db-migrate', DB_MIGRATE, [command, ...args, ...given], mayFail),
    adopt: () => adopting(adopt, false),
    mayAdopt: () => adopting(adopt, true),
    adoptNext: () => adopting(['--database-only', ...withoutConfig, ...knexward], false),
    knexward: (...args) => run('knexward', KNEXWARD, [...args, ...knexward], false),
  };
}

/** Nothing of this process's own environment but what Node.js needs. */
function environmentOf(project, login) {
  const { PATH, HOME } = process.env;
  const { host, port, user, password, database } = login;
  const url = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
  const known = { host, port, user, password, database, url };
  const fill = (value) => value.replace(/\{(\w+)\}/g, (_, key) => String(known[key]));
  const given = Object.entries(project.environment ?? {}).map(([key, value]) => [key, fill(value)]);
  return { PATH, HOME, TZ: 'UTC', PGPORT: String(port), ...Object.fromEntries(given) };
}

function execute(args, cwd, env) {
  const options = { cwd, env, timeout: 5 * MINUTE, maxBuffer: 1e8 };
  return new Promise((done) => {
    const child = execFile(process.execPath, args, options, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : (error.code ?? error.signal), output: stdout + stderr }),
    );
    child.stdin.end();
  });
}
