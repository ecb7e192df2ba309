import { type ResolvedConfig } from '../config/resolve.js';
import { findHistory } from '../history/find.js';

/** The highest version that is applied, by Knex's rule; `null` where nothing is. */
export async function currentVersion(config: ResolvedConfig): Promise<string | null> {
  const { history } = await findHistory(config);
  const versions = history.rows.map(({ name }) => name.split('_')[0] as string);
  return versions.sort().at(-1) ?? null;
}
