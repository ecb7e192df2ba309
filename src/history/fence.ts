import { escapeLiteral } from 'pg';
import { type HistoryTables, qualified } from './tables.js';

/** "knxe" in ASCII: marks the fences among other advisory locks. */
const FENCE_LOCK = 0x6b6e7865;

/**
 * A statement that nobody else passes until the transaction ends: two changes of one history cannot
 * overlap, not even where the runners' lock was lost unnoticed.
 */
export function fence(tables: Pick<HistoryTables, 'schema' | 'history'>): string {
  const history = qualified(tables.schema, tables.history);
  return `select pg_advisory_xact_lock(${FENCE_LOCK}, hashtext(${escapeLiteral(history)}))`;
}
