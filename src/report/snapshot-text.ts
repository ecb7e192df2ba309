import { commandLine } from '../command-line.js';
import { OBJECT_KINDS } from '../schema/catalog/model.js';
import { type Difference, type SomeParts } from '../schema/compare.js';
import { type DifferenceWithFix } from '../repair/fixes.js';
import { type Snapshot, type SnapshotCheck } from '../snapshot/snapshot.js';
import { endStatement } from '../schema/sql/text.js';
import { countOf } from '../count.js';
import { printable } from '../printable.js';
import { type Colors } from './output.js';

/** The kinds that are counted; the others are details of these. */
const COUNTED = new Set([
  'schema',
  'table',
  'view',
  'materialized view',
  'index',
  'constraint',
  'function',
]);

/** What a snapshot holds and where it was written. */
export function renderSnapshotTaken(snapshot: Snapshot, c: Colors): string {
  const { objects, files, notDescribed, postgres } = snapshot;
  const total = Object.values(objects).reduce((sum, count) => sum + count, 0);
  const counts = OBJECT_KINDS.filter((kind) => COUNTED.has(kind) && objects[kind]).map(
    (kind) => `${objects[kind]} × ${kind}`,
  );
  return [
    `Found ${countOf(total, 'object')} (PostgreSQL ${postgres})${counts.length > 0 ? `: ${counts.join(', ')}, …` : ''}`,
    ...files.map(({ path, action }) =>
      action === 'written'
        ? `  ${c.green('✓')} ${path} written`
        : `  ${c.dim('=')} ${path} unchanged`,
    ),
    ...(notDescribed.length > 0
      ? [
          `Found ${countOf(notDescribed.length, 'object that is', 'objects that are')} listed by name only and missing from the SQL file:`,
          ...notDescribed.map(({ kind, name }) => `  ${c.yellow('!')} ${kind} ${name}`),
        ]
      : []),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** How a database differs from its snapshot, and what to do about it. */
export function renderSnapshotCheck(check: SnapshotCheck, c: Colors): string {
  const { differences, files, inSync, postgres } = check;
  const [snapshot = '', schema = ''] = files.map(({ path }) => path);
  if (inSync) return `The database matches ${snapshot}\n`;
  const schemaState = files[1]?.state;
  const lines = [
    ...(differences.length > 0
      ? [
          `Found ${countOf(differences.length, 'difference')} between ${snapshot} and the database:`,
          ...differences.flatMap((difference) => renderDifferenceWithFix(difference, c)),
          `  If the database is right, update both files and commit them: ${commandLine('snapshot', snapshot)}`,
          `  If ${snapshot} is right, run the statements above to fix the database, or write a migration that runs them. knexward does not run them.`,
        ]
      : []),
    ...(schemaState === 'current'
      ? []
      : [
          `${schema} is ${schemaState === 'missing' ? 'missing' : 'out of date'}.`,
          `  Update it: ${commandLine('snapshot', snapshot)}`,
        ]),
    ...(postgres.expected === postgres.actual
      ? []
      : [
          `The snapshot was taken from PostgreSQL ${postgres.expected}, this is ${postgres.actual}: these versions print some definitions differently.`,
        ]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** One object that differs, and what fixes it. */
export function renderDifferenceWithFix(difference: DifferenceWithFix, c: Colors): string[] {
  return [...renderDifference(difference, c), ...renderFix(difference, c)];
}

/** One object that differs: how, part by part, or where it is missing. */
export function renderDifference(
  { kind, object, expected, actual }: Difference,
  c: Colors,
): string[] {
  const name = `${kind} ${object}`;
  if (expected === null) return [`  ${c.green('+')} ${name} ${c.dim('is unexpected')}`];
  if (actual === null) return [`  ${c.red('-')} ${name} ${c.dim('is missing')}`];
  return [`  ${c.yellow('~')} ${name}`, ...changes(expected, actual, c)];
}

function renderFix({ fix, losesData }: DifferenceWithFix, c: Colors): string[] {
  return [
    ...(losesData ? [`      ${c.red('this loses data:')}`] : []),
    ...fix
      .flatMap((statement) => printable(endStatement(statement)).split('\n'))
      .map((line) => `      ${c.dim(line)}`),
  ];
}

function changes(expected: SomeParts, actual: SomeParts, c: Colors): string[] {
  return Object.keys(expected).flatMap((part) => [
    `      ${c.dim(`${part}, expected:`)} ${worded(expected[part])}`,
    `      ${c.dim(`${part}, found:   `)} ${worded(actual[part])}`,
  ]);
}

function worded(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return printable(text).replaceAll('\n', '\n        ');
}
