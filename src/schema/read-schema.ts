import { type ClientBase } from 'pg';
import { type ResolvedConfig } from '../config/resolve.js';
import { openSession } from '../database/session.js';
import { fleetJournalOf, namesBeside } from '../history/tables.js';
import { type Catalog } from './catalog/model.js';
import { readCatalog } from './catalog/read.js';

/**
 * Reads the schema of a project's database, without the tables of the project's history.
 *
 * @param client an open connection to the database; without it, one is opened and closed again
 * @throws KnexwardError as `openSession`
 */
export async function readSchema(config: ResolvedConfig, client?: ClientBase): Promise<Catalog> {
  const { migrations, settings } = config;
  const { tableName } = migrations;
  const names = [...Object.values(namesBeside(tableName)), fleetJournalOf(tableName)];
  const history = { names, dbMigrate: settings.dbMigrate.table };
  if (client) return readCatalog(client, { history });
  const session = await openSession(config);
  return readCatalog(session.client, { history }).finally(() => session.close());
}
