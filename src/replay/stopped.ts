import { KnexwardError } from '../errors.js';
import { type MigrationFailure } from '../failure/failure.js';
import { errorOf } from '../failure/thrown.js';
import { serverWideChangeIn } from '../throwaway/confinement.js';
import { replayInterrupted } from '../transaction/interruption.js';

/** How many changes a message names. */
const SHOWN = 5;

/** The way out where migrations are about the whole server. */
const NAME_ANOTHER_SERVER =
  'Name another server for temporary databases in the knexfile: knexward: { shadow: process.env.SHADOW_DATABASE_URL }.';

/**
 * What to do about an applied migration that made a role or a database: on the project's own server, which has it
 * already, it cannot be replayed. `null` for any other failure.
 */
export function fixForExisting({ sqlstate, message }: MigrationFailure): string | null {
  const isRole = sqlstate === '42710' && /\brole\b/i.test(message);
  if (!isRole && sqlstate !== '42P04') return null;
  return `The project's own server has it already. ${NAME_ANOTHER_SERVER}`;
}

/**
 * Throws where a run in a shadow was stopped, which is no failure of the migration's own.
 *
 * @throws KnexwardError `INTERRUPTED`, `SERVER_WIDE_CHANGE`
 */
export function throwIfStopped(failed: MigrationFailure | null): void {
  if (!failed) return;
  if (failed.code === 'INTERRUPTED') throw replayInterrupted();
  const wide = serverWideChangeIn(errorOf(failed));
  if (!wide) return;
  const more = wide.changes.length > SHOWN ? ` and ${wide.changes.length - SHOWN} more` : '';
  throw new KnexwardError('SERVER_WIDE_CHANGE', {
    message: `${failed.name} would change the whole server, not only its database: ${wide.changes.slice(0, SHOWN).join(', ')}${more}. The temporary database is on the project's own server, so the migration was stopped before it did.`,
    fix: NAME_ANOTHER_SERVER,
    cause: failed,
  });
}
