import { type Check, type CheckCode, green, yellow } from '../check.js';
import { type Setting, type SettingsFacts } from '../look/settings.js';
import { settingFix } from './setting-fix.js';

/** Who the settings are in force for. */
export interface Place {
  role: string;
  database: string;
}

interface Limit {
  name: string;
  code: CheckCode;
  /** A limit that is longer than this is left alone; 0: every limit is told. */
  harmlessMs: number;
  message: (limit: string) => string;
}

const MINUTE_MS = 60_000;

/** `up` sets limits of its own for each change in a transaction: `lock_timeout` always. */
const LIMITS: readonly Limit[] = [
  {
    name: 'statement_timeout',
    code: 'STATEMENT_TIMEOUT',
    harmlessMs: 0,
    message: (limit) => `a statement of a migration is cancelled after ${limit}`,
  },
  {
    name: 'lock_timeout',
    code: 'LOCK_TIMEOUT',
    harmlessMs: 0,
    message: (limit) =>
      `a migration outside a transaction waits for a lock no longer than ${limit}; an index that is built concurrently is then left invalid`,
  },
  {
    name: 'idle_in_transaction_session_timeout',
    code: 'IDLE_TRANSACTION_TIMEOUT',
    harmlessMs: 10 * MINUTE_MS,
    message: (limit) =>
      `a migration that works for ${limit} between two statements loses its connection`,
  },
  {
    name: 'transaction_timeout',
    code: 'TRANSACTION_TIMEOUT',
    harmlessMs: 60 * MINUTE_MS,
    message: (limit) => `a migration that takes longer than ${limit} loses its connection`,
  },
];

/** Settings that hurt. */
export function judgeSettings(
  facts: SettingsFacts,
  place: Place,
  asked: { statementTimeoutMs: number | null },
): Check[] {
  const { settings } = facts;
  return [
    ...LIMITS.map((limit) => judgeLimit(limit, settings[limit.name], place, asked)),
    judgeMessages(settings['client_min_messages'], place),
    judgeConnectionsLeft(facts.connections),
    judgeEventTriggers(facts.eventTriggers),
  ];
}

function judgeLimit(
  { name, code, harmlessMs, message }: Limit,
  setting: Setting | undefined,
  place: Place,
  asked: { statementTimeoutMs: number | null },
): Check {
  const ms = Number(setting?.value ?? 0);
  if (setting === undefined || ms === 0) return green(code, `no ${name}`);
  const limit = duration(ms);
  if (harmlessMs > 0 && ms >= harmlessMs) return green(code, `${name} is ${limit}`);
  if (name === 'statement_timeout' && asked.statementTimeoutMs !== null) {
    return green(code, `${name} is ${limit}; the knexfile's statementTimeout overrides it`);
  }
  return yellow(
    code,
    `${name} is ${limit} (${origin(setting)}): ${message(limit)}`,
    fixFor(name, setting, place, '0'),
  );
}

function judgeMessages(setting: Setting | undefined, place: Place): Check {
  if (setting === undefined || !/^(debug|log)/.test(setting.value)) {
    return green('MESSAGES', `client_min_messages is ${setting?.value ?? 'notice'}`);
  }
  return yellow(
    'MESSAGES',
    `client_min_messages is ${setting.value} (${origin(setting)}): the server sends more messages than rows`,
    fixFor('client_min_messages', setting, place, 'notice'),
  );
}

/** `up` takes two, and the application wants to go on. */
const ENOUGH_CONNECTIONS = 5;

function judgeConnectionsLeft({ free, limit }: SettingsFacts['connections']): Check {
  const message = `${free} of ${limit} connections are free for this role`;
  if (free >= ENOUGH_CONNECTIONS) return green('CONNECTIONS_LEFT', message);
  const fix =
    "select pid, usename, application_name, state from pg_stat_activity where backend_type = 'client backend'; shows who has them; raise max_connections, or the limit of the role or the database.";
  return yellow('CONNECTIONS_LEFT', `${message}; "up" needs two at a time`, fix);
}

function judgeEventTriggers(names: readonly string[]): Check {
  if (names.length === 0) return green('EVENT_TRIGGERS', 'no event triggers');
  return yellow(
    'EVENT_TRIGGERS',
    `event triggers run with every change of the schema, and may refuse it: ${names.join(', ')}`,
    'select evtname, evtevent, evtfoid::regproc from pg_event_trigger; (read what they do)',
  );
}

/** Where a setting comes from, in words. */
function origin({ source }: Setting): string {
  const words: Record<string, string> = {
    user: 'set for the role',
    database: 'set for the database',
    'database user': 'set for the role in this database',
    client: 'set by the connection',
    session: 'set by the session before, through a pooler',
  };
  return words[source] ?? `set in the server's configuration`;
}

function fixFor(name: string, setting: Setting, place: Place, value: string): string {
  return setting.source === 'client'
    ? `Remove ${name} from the connection: from its options or from PGOPTIONS.`
    : settingFix(place, name, value);
}

/** A length of time in words, such as `30 s` or `1.5 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < MINUTE_MS) return `${round(ms / 1000)} s`;
  if (ms < 60 * MINUTE_MS) return `${round(ms / MINUTE_MS)} min`;
  return `${round(ms / (60 * MINUTE_MS))} h`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
