import { type Client, escapeLiteral, type QueryResult } from 'pg';
import { redact } from '../secrets.js';

/** A session that stands in the way of a change. */
interface Blocker {
  pid: number;
  role: string;
  state: string;
  age: string;
  query: string;
}

/** Looks, while a change is under way, whether it waits for another session, and for which. */
export interface BlockerWatch {
  /** Who was in the way when last looked, in words; `null` where nobody was. */
  describe(): string | null;
  stop(): void;
}

/**
 * Watches from a connection that the change does not use. The simple query protocol, on purpose:
 * that connection holds the runners' lock and must keep no snapshot (see lock.ts).
 *
 * @param everyMs how often to look
 */
export function watchBlockers(
  bystander: Client,
  applicationName: string,
  everyMs: number,
): BlockerWatch {
  let found: Blocker[] = [];
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    const seen = await findBlockers(bystander, applicationName).catch(() => []);
    if (seen.length > 0) found = seen;
    looking = false;
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return {
    describe: () => (found.length === 0 ? null : found.map(describe).join('; ')),
    stop: () => clearInterval(timer),
  };
}

async function findBlockers(bystander: Client, applicationName: string): Promise<Blocker[]> {
  const results = (await bystander.query(
    `select pg_stat_clear_snapshot();
     select distinct b.pid, coalesce(b.usename, '?') as role, coalesce(b.state, '?') as state,
            date_trunc('second', now() - coalesce(b.xact_start, b.backend_start))::text as age,
            left(regexp_replace(coalesce(b.query, ''), '\\s+', ' ', 'g'), 80) as query
       from pg_stat_activity w
       cross join unnest(pg_blocking_pids(w.pid)) as blocking(pid)
       join pg_stat_activity b on b.pid = blocking.pid
      where w.application_name = ${escapeLiteral(applicationName)} and w.wait_event_type = 'Lock'
        and w.datname = current_database()`,
  )) as unknown as QueryResult<Blocker>[];
  return results[1]?.rows ?? [];
}

function describe({ pid, role, state, age, query }: Blocker): string {
  return `held by ${role} (pid ${pid}, ${state}, for ${age}): ${redact(query)}`;
}
