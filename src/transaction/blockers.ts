import { escapeLiteral } from 'pg';
import { SESSIONS } from '../database/sessions.js';
import { redact } from '../secrets.js';
import { type ControlConnection } from './control-connection.js';

/** A session that holds a lock that a change waits for. */
export interface Blocker {
  pid: number;
  role: string;
  application: string;
  state: string;
  age: string;
  query: string;
  /** The tables that the change waits for; `null` if it waits for something else. */
  waitsFor: string | null;
}

/** Watches, while a change runs, which sessions it waits for. */
export interface BlockerWatch {
  /** The last blockers that were found; empty if there were none, or the role may not see them. */
  found(): readonly Blocker[];
  stop(): void;
}

/**
 * Starts to watch for blockers.
 *
 * @param everyMs how often to look
 */
export function watchBlockers(control: ControlConnection, everyMs: number): BlockerWatch {
  let found: readonly Blocker[] = [];
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    // A role that may not look learns less; its run goes on.
    const seen = await findBlockers(control).catch(() => []);
    if (seen.length > 0) found = seen;
    looking = false;
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return { found: () => found, stop: () => clearInterval(timer) };
}

async function findBlockers(control: ControlConnection): Promise<Blocker[]> {
  const { rows } = await control.use((client) =>
    client.query<Blocker>(
      `select distinct on (b.pid) b.pid, coalesce(b.usename, '?') as role,
              coalesce(b.application_name, '') as application, coalesce(b.state, '?') as state,
              date_trunc('second', clock_timestamp() - coalesce(b.xact_start, b.backend_start))::text as age,
              left(regexp_replace(coalesce(b.query, ''), '\\s+', ' ', 'g'), 80) as query,
              (select string_agg(distinct l.relation::regclass::text, ', ') from pg_locks l
                where l.pid = w.pid and not l.granted and l.relation is not null) as "waitsFor"
         from ${SESSIONS} w
         cross join unnest(pg_blocking_pids(w.pid)) as blocking(pid)
         join ${SESSIONS} b on b.pid = blocking.pid
        where w.application_name = ${escapeLiteral(control.applicationName)}
          and w.wait_event_type = 'Lock'
        order by b.pid`,
    ),
  );
  return rows;
}

/** Describes the blockers for a message. */
export function describeBlockers(blockers: readonly Blocker[]): string {
  return blockers.map(describe).join('; ');
}

function describe({ pid, role, application, state, age, query, waitsFor }: Blocker): string {
  const table = waitsFor === null ? '' : `${waitsFor} is `;
  const program = application === '' ? '' : `, ${application}`;
  return `${table}held by ${role} (pid ${pid}${program}, ${state}, for ${age}): ${redact(query)}`;
}

/** The fix that a message gives for the blockers. */
export function fixForBlockers(blockers: readonly Blocker[]): string {
  const end = blockers.map(({ pid }) => `select pg_terminate_backend(${pid})`).join('; ');
  return `Wait until that transaction ends, or end it: ${end}. Then run the command again.`;
}
