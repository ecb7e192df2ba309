import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { connect } from '../database/connect.js';
import { KnexwardError } from '../errors.js';
import { type MigrationFailure } from '../failure/failure.js';
import { errorOf } from '../failure/thrown.js';
import { serverErrorIn } from '../server-error.js';
import { withDatabase } from '../throwaway/connection.js';
import { schemasNamed } from '../throwaway/schemas.js';
import { createStatement, type Locale } from '../throwaway/locale.js';
import { createOwned, createSchemas } from '../throwaway/temporary.js';
import { type Claim } from '../throwaway/claim.js';
import { whileBusy } from '../throwaway/in-use.js';
import { dayOf, readTemplateComment, templateComment, templateName } from './mark.js';
import { type Migrating, migrate } from './migrate.js';
import { type DatabaseSettings } from '../throwaway/settings.js';

/** A template that is complete: by its name, there is none that is not. */
export interface Template {
  name: string;
  /** What the migrations have set for the database itself, which a copy does not have. */
  settings: DatabaseSettings;
}

/** Which template is wanted, and how it is made. */
export interface TemplateRequest extends Migrating {
  project: string;
  key: string;
  locale: Locale;
}

/**
 * Finds the template with this key, or builds it. Of many processes that want it at once, one
 * builds, and the others wait for it (`waitForLock`).
 *
 * @throws KnexwardError `MIGRATION_FAILED` where a migration fails, and whatever `up` throws.
 */
export async function ensureTemplate(
  claim: Claim,
  request: TemplateRequest,
): Promise<Template & { built: boolean }> {
  const name = templateName(request.project, request.key);
  const found = await findTemplate(claim.client, name, request);
  if (found) return { ...found, built: false };
  const { waitForLock } = request.config.settings;
  return claim.inTurn(() =>
    claim.whileBuilding(name, waitForLock, async () => {
      const meanwhile = await findTemplate(claim.client, name, request);
      if (meanwhile) return { ...meanwhile, built: false };
      await build(claim, name, request);
      const made = await findTemplate(claim.client, name, request);
      if (made) return { ...made, built: true };
      throw new Error(`The template ${name} was dropped as soon as it was built.`);
    }),
  );
}

async function findTemplate(
  client: Client,
  name: string,
  { key }: TemplateRequest,
): Promise<Template | undefined> {
  const { rows } = await client.query<{ comment: string | null; settings: DatabaseSettings }>(
    `select shobj_description(d.oid, 'pg_database') as comment,
            coalesce((select json_agg(json_build_object('role', r.rolname, 'entries', s.setconfig))
                        from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole
                       where s.setdatabase = d.oid), '[]') as settings
       from pg_database d where datname = $1`,
    [name],
  );
  const [found] = rows;
  if (!found) return undefined;
  const mark = readTemplateComment(found.comment);
  if (mark?.key !== key) throw notOurs(name);
  const today = dayOf(new Date());
  if (mark.usedOn !== today) {
    // A role that does not own it may use it, but not write on it.
    await comment(client, name, templateComment({ ...mark, usedOn: today })).catch(() => undefined);
  }
  return { name, settings: found.settings };
}

/** Under another name until it is complete: whoever finds the final name finds all of it. */
async function build(claim: Claim, name: string, request: TemplateRequest): Promise<void> {
  const { client } = claim;
  const building = claim.name('building', request.project);
  const quoted = escapeIdentifier(building);
  try {
    await createOwned(claim, building, createStatement(building, request.locale));
    await fill(claim, building, request);
    await client.query(`alter database ${quoted} with allow_connections false is_template true`);
    // A pooler may keep one open that it has no use for.
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = $1 and backend_type = 'client backend' and usename = current_user`,
      [building],
    );
    const { key, project } = request;
    const usedOn = dayOf(new Date());
    await comment(
      client,
      building,
      templateComment({ key, project, usedOn, builtBy: claim.owner }),
    );
    const rename = `alter database ${quoted} rename to ${escapeIdentifier(name)}`;
    await whileBusy(() => client.query(rename));
  } catch (error) {
    await discard(client, building);
    // Somebody built the same from another maintenance database, where our lock is not seen.
    if (serverErrorIn(error)?.code !== '42P04') throw error;
  }
}

async function fill(claim: Claim, name: string, request: TemplateRequest): Promise<void> {
  const connection = withDatabase(claim.place, name);
  const client = await connect(connection, request.config);
  await createSchemas(client, schemasNamed(request.config)).finally(() => client.end());
  const failed = await migrate(request, connection);
  if (failed) throw failedToBuild(failed);
}

async function discard(client: Client, name: string): Promise<void> {
  const quoted = escapeIdentifier(name);
  await client
    .query(`alter database ${quoted} with is_template false`)
    .then(() => client.query(`drop database if exists ${quoted} with (force)`))
    .catch(() => undefined);
}

async function comment(client: Client, name: string, text: string): Promise<void> {
  await client.query(`comment on database ${escapeIdentifier(name)} is ${escapeLiteral(text)}`);
}

function failedToBuild(failed: MigrationFailure): KnexwardError {
  const { name, message, file, line, hint, fix, cause } = failed;
  const place = file === null ? '' : ` (${file}${line === null ? '' : `:${line}`})`;
  const advice = [hint, cause, fix].filter((text) => text !== null).join(' ');
  return new KnexwardError('MIGRATION_FAILED', {
    message: `The template of the test databases cannot be built: ${name} failed${place}: ${message}`,
    fix: advice === '' ? 'Correct the migration, then run the tests again.' : advice,
    cause: errorOf(failed),
  });
}

function notOurs(name: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `The server has a database ${name}, and its comment does not say that knexward has made it.`,
    fix: 'Rename or drop it: that name is for a template of test databases.',
  });
}
