import { type AppliedMigration } from './model.js';

/** Migrations that came into the history together. */
export interface HistoryGroup {
  kind: 'batch' | 'adopted';
  /** The first and the last of its batches: one, unless they were adopted. */
  batches: { first: number; last: number };
  migrations: AppliedMigration[];
  from: string | null;
  to: string | null;
  /** Who applied them; none where the journal does not know it. */
  actors: string[];
  /** The sum of what is known; `null` where nothing is. */
  durationMs: number | null;
}

/**
 * The history as a timeline, the newest first: a group for each batch. db-migrate had no batches, so each of
 * its migrations has one of its own after a takeover: those are one group. Pure.
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

/** How long a migration took to run; `null` where that is not known, or it was not run. */
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
