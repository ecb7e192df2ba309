import { type Client } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { type ErrorCode, KnexwardError } from '../errors.js';
import { type History } from '../history/read.js';
import { qualified } from '../history/tables.js';
import { createTables } from '../history/write.js';
import { appliedOf } from '../replay/applied.js';
import { type Catalog, roleOf } from '../schema/catalog/model.js';
import { readSchema } from '../schema/read-schema.js';
import { openReplayed, type ReplayOptions } from '../replay/replay.js';
import { renderSchemaFile } from '../schema/sql/render.js';
import { type ShadowSchemas } from '../throwaway/schemas.js';
import { openShadow, type Shadow } from '../throwaway/shadow.js';

/** What is known of the real database. */
export interface RealDatabase {
  config: ResolvedConfig;
  history: History;
  schemas: ShadowSchemas;
}

/** A shadow in the state of the real database, and how it was brought there. */
export interface Base {
  shadow: Shadow;
  /** `replay`: by what is applied, so with the data that migrations make. `schema`: without data. */
  base: 'replay' | 'schema';
  /** Why what is applied could not be replayed. */
  baseReason: string | null;
}

/** What applied migrations do that another way of making their schema does not. */
const NOT_REPLAYED = new Set<ErrorCode>(['REPLAY_FAILED', 'SERVER_WIDE_CHANGE']);

/**
 * Opens a shadow and brings it to the state of the real database: by replaying what is applied, and
 * where that cannot be done, by the real database's schema and history.
 *
 * @throws KnexwardError `NO_SHADOW`, `INTERRUPTED`; `REPLAY_FAILED` where neither can be done.
 */
export async function openBase(real: RealDatabase, options: ReplayOptions): Promise<Base> {
  const { config, history, schemas } = real;
  const { migrations, unreplayable } = await appliedOf(config, history);
  if (unreplayable.length > 0) {
    return fromSchema(
      real,
      `${unreplayable.length} applied migrations have no file, ${unreplayable[0]} the first`,
    );
  }
  const quiet = migrations.length === 0 ? { onReplay: undefined } : {};
  try {
    const shadow = await openReplayed(config, migrations, schemas, { ...options, ...quiet });
    return { shadow, base: 'replay', baseReason: null };
  } catch (error) {
    if (!(error instanceof KnexwardError) || !NOT_REPLAYED.has(error.code)) throw error;
    return fromSchema(real, error.message);
  }
}

async function fromSchema({ config, history }: RealDatabase, baseReason: string): Promise<Base> {
  const catalog = await readSchema(config);
  const shadow = await openShadow(config, []);
  try {
    await rebuild(shadow, catalog, history);
    return { shadow, base: 'schema', baseReason };
  } catch (error) {
    await shadow.close();
    throw new KnexwardError('REPLAY_FAILED', {
      message: `${baseReason} And the schema of the database cannot be made anew on ${shadow.description}: ${(error as Error).message}.`,
      fix: 'Bring the missing files back, or see what the shadow lacks: an extension, a role.',
      cause: error,
    });
  }
}

async function rebuild(shadow: Shadow, catalog: Catalog, history: History): Promise<void> {
  const session = await openSession(shadow.config);
  try {
    const { client } = session;
    await client.query(renderSchemaFile(await withKnownRoles(client, catalog)));
    await createTables(client, history.tables);
    const { schema, history: table } = history.tables;
    await client.query(
      `insert into ${qualified(schema, table)} (name, batch, migration_time)
       select name, batch, "appliedAt"
         from json_to_recordset($1) as row (id int, name text, batch int, "appliedAt" timestamptz)
        order by id`,
      [JSON.stringify(history.rows)],
    );
  } finally {
    await session.close();
  }
}

/** On another server there may be no such roles; what is granted to them is left out then. */
async function withKnownRoles(client: Client, catalog: Catalog): Promise<Catalog> {
  const { rows } = await client.query<{ name: string }>('select rolname as name from pg_roles');
  const known = new Set(['PUBLIC', 'OWNER', ...rows.map(({ name }) => name)]);
  const objects = catalog.objects.filter((object) => {
    if (object.kind === 'privileges') return known.has(roleOf(object));
    if (object.kind === 'policy') return object.parts.roles.every((role) => known.has(role));
    if (object.kind !== 'default privileges') return true;
    const { to, role } = object.parts;
    return known.has(to) && (role === undefined || known.has(role));
  });
  return { ...catalog, objects };
}
