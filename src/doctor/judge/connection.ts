import { escapeIdentifier } from 'pg';
import { type Check, green, red, yellow } from '../check.js';
import { type ConnectionFacts } from '../look/connection.js';
import { type PoolerFacts } from '../look/pooler.js';
import { settingFix } from './setting-fix.js';

const OLDEST_SERVER = 14;
const NEWEST_SERVER = 18;
const CLOCK_SKEW_MS = 5000;

/** The server, and the way there. */
export function judgeConnection(facts: ConnectionFacts, production: boolean): Check[] {
  const { host, port, database, role } = facts;
  return [
    green('CONNECTION', `role "${role}" on the database "${database}" at ${host}:${port}`),
    judgeEncryption(facts, production),
    judgeVersion(facts),
    judgeWritable(facts),
    judgeClock(facts),
  ];
}

function judgeEncryption({ encrypted, host }: ConnectionFacts, production: boolean): Check {
  if (encrypted) return green('TLS', 'the connection is encrypted');
  const local = host.startsWith('/') || /^(localhost|127\..*|::1)$/.test(host);
  if (local) return green('TLS', 'not encrypted, but it does not leave this machine');
  if (!production) return green('TLS', 'the connection is not encrypted');
  const message = `the connection to ${host} is not encrypted: others on the network can read data and statements`;
  return yellow('TLS', message, 'In the knexfile: connection: { ssl: true, … }');
}

function judgeVersion({ serverVersion }: ConnectionFacts): Check {
  const major = Math.floor(serverVersion / 10_000);
  const version = `PostgreSQL ${major}.${serverVersion % 10_000}`;
  if (major < OLDEST_SERVER) {
    const message = `${version} is older than the versions that knexward supports (${OLDEST_SERVER} to ${NEWEST_SERVER})`;
    return red('SERVER_VERSION', message, `Upgrade the server to ${OLDEST_SERVER} or later.`);
  }
  if (major > NEWEST_SERVER) {
    const message = `${version} is newer than the versions that this knexward was tested with (${OLDEST_SERVER} to ${NEWEST_SERVER})`;
    return yellow('SERVER_VERSION', message, 'npm install knexward@latest');
  }
  return green('SERVER_VERSION', version);
}

function judgeWritable(facts: ConnectionFacts): Check {
  if (facts.standby) {
    const message = 'the server is a standby: it can only be read';
    return red('WRITABLE', message, 'Name the primary server in the connection.');
  }
  if (facts.readOnlyByDefault) {
    const message = 'transactions can only read here (default_transaction_read_only)';
    return red('WRITABLE', message, settingFix(facts, 'default_transaction_read_only', 'off'));
  }
  return green('WRITABLE', 'a primary server, open for writing');
}

function judgeClock({ clock: { aheadMs, uncertaintyMs } }: ConnectionFacts): Check {
  // What may be owed to the way there does not count.
  const certain = Math.max(Math.abs(aheadMs) - uncertaintyMs, 0);
  if (certain <= CLOCK_SKEW_MS) {
    const bound = Math.ceil((Math.abs(aheadMs) + uncertaintyMs) / 1000);
    return green('CLOCK', `this machine's clock and the server's agree to within ${bound} s`);
  }
  const side = aheadMs > 0 ? 'ahead of' : 'behind';
  const message = `the server's clock is ${Math.round(Math.abs(aheadMs) / 1000)} s ${side} this machine's: a new migration's name sorts wrongly, and the times in logs and in the history do not match`;
  return yellow('CLOCK', message, 'timedatectl set-ntp true (on the machine whose clock is wrong)');
}

/** Whether a pooler stands in between, and whether it leaves what `up` needs. */
export function judgePooler(
  { pooled, mode, secondConnection }: PoolerFacts,
  searchPath: readonly string[],
  place: { role: string; database: string },
): Check[] {
  if (secondConnection) return [noSecondConnection(secondConnection.error, pooled)];
  const second = green('SECOND_CONNECTION', 'a second connection answers too');
  if (!pooled) return [second, green('POOLER', 'no pooler in between')];
  if (mode === 'statement') {
    const message =
      'the connection goes through a pooler in statement mode, which refuses transactions';
    const fix = 'pool_mode = transaction (in pgbouncer.ini), or connect to the server itself';
    return [second, red('POOLER', message, fix)];
  }
  if (mode === 'session') return [second, green('POOLER', 'a pooler in session mode')];
  if (searchPath.length === 0) {
    return [second, green('POOLER', 'a pooler in transaction mode, which knexward supports')];
  }
  const message =
    "the connection goes through a pooler in transaction mode, which does not keep the knexfile's searchPath, a session setting. knexward sets it for each of its transactions and refuses a change outside one (SEARCH_PATH_POOLED); Knex itself may work in another schema";
  const path = searchPath.map((schema) => escapeIdentifier(schema)).join(', ');
  const fix = `${settingFix(place, 'search_path', path)} (and remove searchPath from the knexfile, or connect to the server itself)`;
  return [second, yellow('POOLER', message, fix)];
}

function noSecondConnection(error: string, pooled: boolean): Check {
  const message = `"up" needs two connections at a time, one for its lock and one for the changes, and the second failed: ${error}`;
  const fix = pooled
    ? 'default_pool_size = 5 or more (in pgbouncer.ini)'
    : 'Raise max_connections, or the limit of the role or the database; SELECT * FROM pg_stat_activity shows who is connected.';
  return red('SECOND_CONNECTION', message, fix);
}
