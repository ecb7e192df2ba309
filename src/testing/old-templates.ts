import { type Claim } from '../throwaway/claim.js';
import { dropQuietly } from '../throwaway/left-overs.js';
import { dayOf, readTemplateComment } from './mark.js';

/** So long a template stays that its project does not use any more. */
const TEMPLATE_KEPT_DAYS = 7;
const DAY_MS = 24 * 60 * 60_000;

/**
 * Drops the project's templates, but for the one that is wanted, that nobody has used for a week.
 */
export async function dropOldTemplates(
  { client }: Claim,
  project: string,
  wanted: string,
): Promise<void> {
  const { rows } = await client.query<{ name: string; comment: string | null }>(
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
