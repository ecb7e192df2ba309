import { canBeApplied, nameOf, type PlannedMigration, type Schedule } from './schedule.js';

/** What a database comes to once somebody has run `up`, undisturbed, until nothing changes any more. */
export interface ExpectedEnd {
  /** The names in the history, in order. */
  applied: string[];
  /** The names that stay pending. */
  pending: string[];
  /** The one at which `up` stops, if it does. */
  failed: string | null;
}

/**
 * The end of a plan. Pure, and written down without a look at the product: everything up to the
 * first migration that cannot be applied, and nothing after it. One that ends in `rollback` is such
 * a migration, for what it did is gone; one that commits by itself is not, for what it did stays.
 */
export function expectedEnd(migrations: readonly PlannedMigration[]): ExpectedEnd {
  const names = migrations.map(nameOf);
  const stop = migrations.findIndex((migration) => !canBeApplied(migration));
  if (stop === -1) return { applied: names, pending: [], failed: null };
  return { applied: names.slice(0, stop), pending: names.slice(stop), failed: names[stop] ?? null };
}

/** A migration is atomic where it leaves its transaction alone. */
export function isAtomic({ transaction, ending }: PlannedMigration): boolean {
  return transaction && ending !== 'commits';
}

/** Whether Knex itself can run the plan: it knows no other formats, and makes fewer promises. */
export function suitsKnex(migrations: readonly PlannedMigration[]): boolean {
  return migrations.every(
    ({ format, transaction, ending, style }) =>
      format === 'knex' &&
      transaction &&
      !['swallow', 'retries'].includes(style) &&
      ending === 'well',
  );
}

/** Whether the history can only grow while the runners are at work. */
export function onlyGrows({ runners }: Pick<Schedule, 'runners'>): boolean {
  return runners.every(
    ({ command }) =>
      !['down', 'redo', 'resolve', 'by hand'].includes(command.kind) &&
      !(command.kind === 'library' && command.call === 'down'),
  );
}

/** What a person who looks at the database says of a change whose end is not recorded. */
export interface Truth {
  verdict: 'applied' | 'reverted';
  /** It stopped half-way: the person undoes what is there of it, or finishes the way back. */
  partial: boolean;
}

/** A row of the effects table, as far as the model looks at it. */
export interface Effect {
  name: string;
  direction: 'up' | 'down' | 'hand';
  part: 'begin' | 'end';
}

/** Reads from the effects of one migration, in their order, what became of it. */
export function truthOf(effects: readonly Effect[]): Truth {
  const last = effects.at(-1);
  if (!last || last.direction === 'hand') return { verdict: 'reverted', partial: false };
  if (last.part === 'end') {
    return { verdict: last.direction === 'up' ? 'applied' : 'reverted', partial: false };
  }
  // Half of an `up` is undone by hand; half of a `down` is finished by hand.
  return { verdict: 'reverted', partial: true };
}

/** How many times a migration is in the database: what it did less what was taken back. */
export function netOf(effects: readonly Effect[]): number {
  const ends = effects.filter(({ part }) => part === 'end');
  return ends.reduce((net, { direction }) => {
    if (direction === 'hand') return 0;
    return direction === 'up' ? net + 1 : net - 1;
  }, 0);
}
