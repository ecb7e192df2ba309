// So many changes applied, so many pending, so many to revert.
import { changes, TABLE_PREFIX } from '../migrations.mjs';

const TABLES = `select count(*)::int as n from pg_class
  where relkind = 'r' and relname like '${TABLE_PREFIX.replace('_', '\\_')}%'`;

/**
 * @param {{ id: string, group: string, action: 'up' | 'status' | 'down', applied?: number,
 *   pending?: number, revert?: number }} options
 * @returns {import('../cases.mjs').Case}
 */
export function standardCase({ id, group, action, applied = 0, pending = 0, revert = 0 }) {
  const job = { applied, pending, revert };
  return {
    id,
    group,
    title: titleOf(action, job),
    count: pending || revert,
    enter(peer) {
      const args = peer.command(action, pending || revert, job);
      if (typeof args === 'string') return args;
      const all = changes(applied + pending);
      const isIdle = pending + revert === 0;
      const says = action === 'status' ? peer.idleStatus : isIdle ? peer.idle : undefined;
      return {
        peer,
        project: peer.floor ? `${peer.id}-${id}` : `${peer.id}-${all.length}`,
        files: peer.files(all, job),
        seed: seedFor(peer, all.slice(0, applied), job, group),
        changes: !isIdle,
        args,
        ...(says && { says }),
        expected: expectedAfter(peer, job),
      };
    },
  };
}

/** Where there is something to revert, the tables must be there; otherwise the history is enough. */
function seedFor(peer, applied, { pending, revert }, group) {
  if (pending > 0 && applied.length === 0) return '';
  const tables = revert > 0 ? applied.map(({ up }) => up).join('') : '';
  return `-- ${group}\n${tables}${peer.seed(applied)}`;
}

function expectedAfter(peer, { applied, pending, revert }) {
  const tables = { [TABLES]: pending + (revert > 0 ? applied - revert : 0) };
  if (peer.history === null) return tables;
  const rows = `select count(*)::int as n from ${peer.history}`;
  return { ...tables, [rows]: applied + pending - revert };
}

function titleOf(action, { applied, pending, revert }) {
  const so = (count) => count.toLocaleString('en');
  if (action === 'status') return `Status, ${so(applied)} applied`;
  if (revert > 0) return `Revert ${so(revert)} of ${so(applied)}`;
  if (pending === 0) return `Nothing pending, ${so(applied)} applied`;
  return `Apply ${so(pending)}${applied > 0 ? `, ${so(applied)} applied` : ', empty database'}`;
}
