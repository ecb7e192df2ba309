import { terminated, withValues } from '../rehearsal/bound-values.js';
import { type RehearsedChange, type Rehearsal } from '../rehearsal/rehearse.js';
import { notesOn } from '../rehearsal/script.js';
import { countOf } from '../count.js';
import { type Colors } from './output.js';
import { baselineLine } from './run-text.js';

/** What a run would send to the database, for a person to read. */
export function renderPlan(rehearsal: Rehearsal, c: Colors): string {
  const { direction, batch, changes, failed, notReached, baseline } = rehearsal;
  if (batch === null) {
    return direction === 'up' ? 'Already up to date\n' : 'Already at the base schema version\n';
  }
  const verb = direction === 'up' ? 'would be run' : 'would be rolled back';
  const count = changes.length + notReached.length + (failed ? 1 : 0);
  const begins = baseline ? `${baselineLine(baseline)}\n` : '';
  return `Batch ${batch} ${verb}: ${countOf(count, 'migration')}\n${begins}${renderChanges(rehearsal, c)}`;
}

/** The changes of a rehearsal, each with what it sends, values written in. */
export function renderChanges(rehearsal: Rehearsal, c: Colors): string {
  const { changes, failed, notReached, base, baseReason } = rehearsal;
  const total = changes.length + notReached.length + (failed ? 1 : 0);
  const lines = [
    ...(base === 'schema'
      ? [
          `${c.yellow('!')} Rehearsed on the schema of the database, without data: ${baseReason ?? ''}`,
        ]
      : []),
    ...changes.flatMap((change, index) => changeLines(change, `${index + 1}/${total}`, c)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function changeLines(change: RehearsedChange, position: string, c: Colors): string[] {
  const { name, transaction, statements } = change;
  const how = transaction ? 'in a transaction' : 'outside a transaction';
  return [
    '',
    `${c.dim('--')} ${c.dim(position)} ${c.bold(name)}${c.dim(`, ${how}`)}`,
    ...notesOn(change).map((note) => `${c.dim('--')} ${c.yellow('!')} ${note}`),
    ...(statements.length === 0 ? [c.dim('-- sends nothing')] : []),
    ...statements.map(({ sql, bindings, refused }) => {
      const text = terminated(withValues(sql, bindings).trim());
      return refused === null ? text : `${c.dim(`-- refused (SQLSTATE ${refused}):`)} ${text}`;
    }),
  ];
}

/** The changes in the form that the contract gives them. */
export function changesDocument({ changes }: Rehearsal): Record<string, unknown>[] {
  return changes.map(({ name, transaction, readsData, warnings, statements }) => ({
    ...{ name, transaction, readsData, warnings },
    statements: statements.map(({ sql, bindings, refused }) => ({
      ...{ sql, bindings: bindings.map(({ shown }) => shown) },
      ...(refused !== null && { refused }),
    })),
  }));
}

/** A rehearsal in the form that the contract gives it. */
export function planDocument(rehearsal: Rehearsal): Record<string, unknown> {
  const { environment, direction, batch, base, baseReason, shadow, failed, notReached } = rehearsal;
  const { baseline } = rehearsal;
  return {
    ...{ environment, direction, batch, base, baseReason, shadow },
    ...{ changes: changesDocument(rehearsal), failed, notReached },
    ...(baseline && { baseline }),
  };
}
