import { type Client, escapeIdentifier } from 'pg';
import { readTemporary, TEMPORARY_PATTERNS } from './names.js';

interface Found {
  name: string;
  comment: string | null;
}

/** The comment on a temporary database: with its name, what shows that knexward has made it. */
export function ownersComment(owner: string): string {
  return `knexward temporary database of ${owner}: dropped when its process is done, or gone`;
}

/**
 * Drops the temporary databases whose owner is gone: its lock is free, and nobody is connected to
 * them. Only a database whose name and comment both say that this owner has made it is dropped.
 */
export async function dropLeftOvers(client: Client): Promise<void> {
  // The databases first: an owner has its lock before it makes one.
  const { rows } = await client.query<Found>(
    `select datname as name, shobj_description(d.oid, 'pg_database') as comment
       from pg_database d
      where datname like any ($1) and pg_has_role(datdba, 'usage')
        and not exists (select from pg_stat_activity a
                         where a.datid = d.oid and a.backend_type = 'client backend')`,
    [TEMPORARY_PATTERNS],
  );
  const ours = rows.flatMap(({ name, comment }) => {
    const read = readTemporary(name);
    return read && comment?.startsWith('knexward ') && comment.includes(read.owner) ? [read] : [];
  });
  if (ours.length === 0) return;
  const alive = await ownersAlive(client);
  for (const { name, owner } of ours) {
    if (!alive.has(owner)) await dropQuietly(client, name);
  }
}

async function ownersAlive(client: Client): Promise<Set<string>> {
  const { rows } = await client.query<{ owner: string }>(
    `select to_hex((classid::bigint << 32) | objid::bigint) as owner
       from pg_locks where locktype = 'advisory' and objsubid = 1 and granted`,
  );
  return new Set(rows.map(({ owner }) => owner));
}

/** Somebody else may be at the same, or have just connected: then it is theirs. */
export async function dropQuietly(client: Client, name: string): Promise<void> {
  const quoted = escapeIdentifier(name);
  await client
    .query(`alter database ${quoted} with is_template false`)
    .then(() => client.query(`drop database if exists ${quoted}`))
    .catch(() => undefined);
}
