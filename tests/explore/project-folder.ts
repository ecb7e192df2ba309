import { createProject, type Project } from '../support/project.js';
import { filesOf } from './migration-files.js';
import { type Schedule, type Surroundings } from './schedule.js';

/** Whatever is drawn of its settings comes in a variable, so that a later run can be a calm one. */
const KNEXFILE = `const { poolMax, queryTimeoutMs, searchPath, knexward } = JSON.parse(process.env.EXPLORER_SETTINGS);
module.exports = {
  development: {
    client: 'pg',
    connection: {
      connectionString: process.env.TEST_DATABASE_URL,
      ...(queryTimeoutMs && { query_timeout: queryTimeoutMs }),
    },
    pool: { min: 0, max: poolMax },
    ...(searchPath && { searchPath }),
    migrations: { directory: './migrations' },
    knexward,
  },
};
`;

/** Writes the plan into a folder of its own. */
export function writeProject({ migrations }: Schedule): Project {
  return createProject({ 'knexfile.js': KNEXFILE, ...filesOf(migrations) });
}

/** The variables that a runner gets. */
export function environmentOf(
  { role, poolMax, queryTimeoutMs, lockTimeout, retries, waitForLock }: Surroundings,
  url: string,
  calm: boolean,
): Record<string, string> {
  const settings = {
    poolMax,
    queryTimeoutMs: calm ? null : queryTimeoutMs,
    searchPath: role === 'few' ? ['app'] : null,
    knexward: {
      waitForLock: calm ? '10s' : waitForLock,
      ...(!calm && lockTimeout !== null && { lockTimeout }),
      ...(!calm && retries !== null && { retries }),
    },
  };
  const { PATH = '', HOME = '' } = process.env;
  return {
    ...{ PATH, HOME, TZ: 'UTC', TEST_DATABASE_URL: url },
    EXPLORER_SETTINGS: JSON.stringify(settings),
  };
}

/** The search path and the time zone that each migration has to find. */
export function expectedSession({ role }: Surroundings): { path: string; zone: string } {
  return { path: role === 'few' ? 'app' : '$user, public', zone: 'UTC' };
}
