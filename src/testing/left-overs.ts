import { type Client, escapeIdentifier } from 'pg';
import { type Claim } from './claim.js';
import { dayOf, mayBeOurs, readTemplateComment } from './mark.js';
import { MOMENTARY_PATTERNS, readMomentary } from './names.js';

/** So long a template stays that its project does not use any more. */
export const TEMPLATE_KEPT_DAYS = 7;
const DAY_MS = 24 * 60 * 60_000;

interface Found {
  name: string;
  comment: string | null;
}

/**
 * Drops the databases whose owner is gone: its lock is free, and nobody is connected to them. Whose
 * name has not our seal, or whose comment is somebody else's, stays.
 */
export async function dropLeftOvers(client: Client): Promise<void> {
  // The databases first: an owner has its lock before it makes one.
  const { rows } = await client.query<Found>(
    `select datname as name, shobj_description(d.oid, 'pg_database') as comment
       from pg_database d
      where datname like any ($1) and pg_has_role(datdba, 'usage')
        and not exists (select from pg_stat_activity a
                         where a.datid = d.oid and a.backend_type = 'client backend')`,
    [MOMENTARY_PATTERNS],
  );
  const ours = rows.flatMap(({ name, comment }) => {
    const momentary = readMomentary(name);
    return momentary && (mayBeOurs(comment) || readTemplateComment(comment)) ? [momentary] : [];
  });
  if (ours.length === 0) return;
  const alive = await ownersAlive(client);
  for (const { name, owner } of ours) {
    if (!alive.has(owner)) await dropQuietly(client, name);
  }
}

/**
 * Drops the project's templates, but for the one that is wanted, that nobody has used for a week.
 */
export async function dropOldTemplates(
  { client }: Claim,
  project: string,
  wanted: string,
): Promise<void> {
  const { rows } = await client.query<Found>(
    `select datname as name, shobj_description(oid, 'pg_database') as comment
       from pg_database
      where datname like 'knexward\\_template\\_%' and datname <> $1 and pg_has_role(datdba, 'usage')`,
    [wanted],
  );
  const limit = dayOf(new Date(Date.now() - TEMPLATE_KEPT_DAYS * DAY_MS));
  for (const { name, comment } of rows) {
    const mark = readTemplateComment(comment);
    if (mark?.project === project && mark.usedOn < limit) await dropQuietly(client, name);
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
async function dropQuietly(client: Client, name: string): Promise<void> {
  const quoted = escapeIdentifier(name);
  await client
    .query(`alter database ${quoted} with is_template false`)
    .then(() => client.query(`drop database if exists ${quoted}`))
    .catch(() => undefined);
}
