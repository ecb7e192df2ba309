import { type AppliedMigration } from './model.js';

/** Migrations that were applied, or taken over, together. */
export interface HistoryGroup {
  kind: 'batch' | 'adopted';
  /** The first and the last batch. They are the same unless the migrations were taken over. */
  batches: { first: number; last: number };
  migrations: AppliedMigration[];
  from: string | null;
  to: string | null;
  /** Who applied them; empty if the journal does not know. */
  actors: string[];
  /** The sum of the known durations; `null` if none is known. */
  durationMs: number | null;
}

/**
 * Groups the history by batch, the newest first. After a takeover, each migration from db-migrate has a batch of
 * its own, because db-migrate has no batches: these are one group. Pure.
 */
export function groupsOf(applied: readonly AppliedMigration[]): HistoryGroup[] {
  const groups: AppliedMigration[][] = [];
  for (const migration of applied) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group && last && belongTogether(last, migration)) group.push(migration);
    else groups.push([migration]);
  }
  return groups.map(groupOf).reverse();
}

function belongTogether(a: AppliedMigration, b: AppliedMigration): boolean {
  if (isAdopted(a) || isAdopted(b)) return isAdopted(a) && isAdopted(b);
  return a.batch === b.batch;
}

function isAdopted({ recorded }: AppliedMigration): boolean {
  return recorded?.event === 'adopted';
}

function groupOf(migrations: AppliedMigration[]): HistoryGroup {
  const adopted = migrations.every(isAdopted);
  const moments = migrations.flatMap(({ appliedAt }) => appliedAt ?? []).sort();
  const durations = migrations.flatMap((migration) => recordedDuration(migration) ?? []);
  const batches = migrations.map(({ batch }) => batch);
  return {
    kind: adopted ? 'adopted' : 'batch',
    batches: { first: batches[0] as number, last: batches.at(-1) as number },
    migrations,
    from: moments[0] ?? null,
    to: moments.at(-1) ?? null,
    // db-migrate did not record who applied a migration.
    actors: adopted
      ? []
      : [...new Set(migrations.flatMap(({ recorded }) => recorded?.actor ?? []))],
    durationMs: durations.length === 0 ? null : durations.reduce((sum, each) => sum + each, 0),
  };
}

/** How long a migration ran, in milliseconds; `null` if it did not run, or the journal does not know. */
export function recordedDuration({ recorded }: AppliedMigration): number | null {
  if (recorded?.event !== 'applied' || recorded.baseline !== null) return null;
  return recorded.durationMs;
}

/** Why a migration has no duration. */
export function whyNoDuration({ recorded }: AppliedMigration, hasJournal: boolean): string {
  if (recorded === null) return hasJournal ? 'not in the journal' : 'no journal';
  if (recorded.event === 'adopted') return 'taken over from db-migrate';
  if (recorded.event === 'resolved') return 'marked as applied';
  return recorded.baseline === null ? 'run by hand' : 'from the baseline';
}
