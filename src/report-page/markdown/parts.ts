import { commandLine } from '../../command-line.js';
import { countOf } from '../../count.js';
import { type Check } from '../../doctor/check.js';
import { type Failure } from '../../doctor/facts.js';
import { endStatement } from '../../schema/sql/text.js';
import { recordedDuration, whyNoDuration } from '../history-groups.js';
import { html } from '../html-template.js';
import { type Report, type ReportedChange, type ReportedPlan } from '../model.js';
import { type ShownTable } from '../tables.js';
import { problemsOf } from '../figures.js';
import {
  batchLine,
  CHANGE_SIGNS,
  CHANGE_WORDS,
  differenceOf,
  driftAdvice,
  momentOf,
  NO_SQL,
  NOT_COMPARED,
  notProven,
  rehearsedWithoutData,
  replayedMigrations,
  runTime,
  sqlOf,
} from '../words.js';
import { type Verification } from '../../verify/verify.js';
import { block, code, text } from './escape.js';
import { cutTo, type Part } from './fit.js';

/** The most characters of one migration's SQL, or of one fix. */
const MOST_OF_SQL = 12_000;
/** The most characters of one message. */
const MOST_OF_TEXT = 4_000;
/** How many applied migrations are listed. */
const NEWEST = 20;

/** The sentence for what has no room, with the command that shows it. */
function noRoomFor(what: string, command: string): Part['leftOut'] {
  return (count) =>
    `_${countOf(count, `more ${what} has`, `more ${what}s have`)} no room in this comment._ ${code(command)}`;
}

function paragraph(value: string): string {
  return text(cutTo(value, MOST_OF_TEXT, '…'));
}

function quoted(sign: string, message: string, fix: string | null = null): string {
  return `> ${sign} ${paragraph(message)}${fix ? `\n>\n> ${paragraph(fix)}` : ''}`;
}

function notFoundOut(what: string, { message, fix }: Failure): string {
  return quoted('❔', `${what} ${message}`, fix);
}

/** SQL that is folded below its summary. Inside of the tags GitHub reads HTML, not Markdown. */
function folded(summary: string, tag: string, sql: string, command: string): string {
  const line = html`<summary><code>${summary}</code> ${tag}</summary>`.text;
  const shown = cutTo(sql, MOST_OF_SQL, `-- The rest has no room in this comment: ${command}`);
  return `<details>\n${line}\n\n${block('sql', shown)}\n\n</details>`;
}

/** The SQL of the pending migrations, folded. */
export function pendingPart(report: Report): Part {
  const { pending, plan } = report;
  const leftOut = noRoomFor('pending migration', commandLine('plan'));
  const title = '### Pending migrations';
  if (pending.length === 0) return { head: `${title}\n\nAlready up to date.`, blocks: [], leftOut };
  if (plan.failed) {
    const blocks = [
      notFoundOut(NO_SQL, plan.failed),
      ...pending.map(({ name }) => `- ${code(name)}`),
    ];
    return { head: title, blocks, leftOut };
  }
  const blocks = [...notesOf(plan.value), ...plan.value.changes.map(changeBlock)];
  return { head: `${title}\n\n${batchLine(plan.value, report)}`, blocks, leftOut };
}

/** Failures come first, so that they are the last to be left out. */
function notesOf(plan: ReportedPlan): string[] {
  const { baseline, failed, notReached } = plan;
  const withoutData = rehearsedWithoutData(plan);
  return [
    ...(failed ? [quoted('❌', `${failed.name} fails: ${failed.message}`, failed.fix)] : []),
    ...(notReached.length > 0 ? [`Not reached: ${countOf(notReached.length, 'migration')}.`] : []),
    ...(withoutData === null ? [] : [quoted('🟡', withoutData)]),
    ...(baseline
      ? [
          `up begins with the baseline ${code(baseline.file)} instead of the first ${countOf(baseline.migrations, 'migration')}.`,
        ]
      : []),
  ];
}

function changeBlock(change: ReportedChange): string {
  const { name, transaction, notes } = change;
  const sql = sqlOf(change);
  const lines = [...notes.map((note) => `-- ! ${note.replace(/\s+/g, ' ')}`), ...sql];
  const all = sql.length === 0 ? [...lines, '-- sends nothing'] : lines;
  const tag = transaction ? '' : '(outside a transaction)';
  return folded(name, tag, all.join('\n'), commandLine('plan'));
}

/** The errors and warnings of `doctor`. */
export function problemsPart({ checks }: Report): Part {
  const { errors, warnings, passed } = problemsOf(checks);
  const found = [...errors, ...warnings];
  const none = found.length === 0 ? 'None found. ' : '';
  return {
    head: `### Problems\n\n${none}${countOf(passed, 'check')} passed.`,
    blocks: found.map(problemBlock),
    leftOut: noRoomFor('problem', commandLine('doctor')),
  };
}

function problemBlock({ code: name, status, message, fix }: Check): string {
  const sign = status === 'red' ? '❌' : '🟡';
  const more = fix === null ? '' : `\n  Fix: ${paragraph(fix)}`;
  return `- ${sign} ${code(name)} ${paragraph(message)}${more}`;
}

/** The differences between the database and its migrations. */
export function driftPart({ drift }: Report): Part {
  const title = '### Drift';
  const leftOut = noRoomFor('difference', commandLine('verify'));
  if (drift.failed) {
    return { head: title, blocks: [notFoundOut(NOT_COMPARED, drift.failed)], leftOut };
  }
  const { differences } = drift.value;
  const source = replayedMigrations(drift.value);
  const unproven = notProven(drift.value);
  const head =
    differences.length === 0
      ? `The database matches its ${source}.`
      : `${countOf(differences.length, 'difference')} between the ${source} and the database.`;
  const blocks = [
    ...(unproven === null ? [] : [quoted('🟡', unproven)]),
    ...(differences.length > 0 ? [advice()] : []),
    ...differences.map(differenceBlock),
  ];
  return { head: `${title}\n\n${head}`, blocks, leftOut };
}

function differenceBlock(one: Verification['differences'][number]): string {
  const loses = one.losesData ? ', the fix loses data' : '';
  const sql = one.fix.map(endStatement).join('\n');
  const tag = `(${differenceOf(one)}${loses})`;
  return folded(`${one.kind} ${one.object}`, tag, sql, commandLine('verify'));
}

function advice(): string {
  const { texts, command } = driftAdvice();
  return `${texts.map(paragraph).join('\n\n')} ${code(command)}`;
}

/** Lists only the tables that change. A comment has no room for the diagram. */
export function schemaPart({ schema }: Report): Part | null {
  const blocks = schema.tables.flatMap(tableBlock);
  if (blocks.length === 0) return null;
  return {
    head: '### Tables that the pending migrations change',
    blocks,
    leftOut: noRoomFor('table', commandLine('plan')),
  };
}

function tableBlock({ title, change, columns }: ShownTable): string[] {
  if (change === null) return [];
  const changed = columns.flatMap((column) =>
    column.change === null ? [] : [`${CHANGE_SIGNS[column.change]} ${code(column.name)}`],
  );
  const list = changed.length === 0 ? '' : ` (${changed.join(', ')})`;
  return [`- ${code(title)}: ${CHANGE_WORDS[change]}${list}`];
}

/** The newest applied migrations as a table. */
export function historyPart({ applied, hasJournal }: Report): Part {
  const leftOut = noRoomFor('list', commandLine('status', '--verbose'));
  const newest = applied.slice(-NEWEST).reverse();
  if (newest.length === 0)
    return { head: '### History\n\nNo migration is applied.', blocks: [], leftOut };
  const rows = newest.map((migration) => {
    const { name, batch, appliedAt, recorded } = migration;
    const duration = recordedDuration(migration);
    const cells = [
      code(name),
      String(batch),
      appliedAt === null ? 'unknown' : text(momentOf(appliedAt)),
      text(duration === null ? whyNoDuration(migration, hasJournal) : runTime(duration)),
      recorded === null || recorded.event === 'adopted' ? '' : text(recorded.actor),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const earlier = applied.length - newest.length;
  const summary = `<details><summary>${earlier > 0 ? `The newest ${newest.length}` : 'All of them'}</summary>`;
  const table = [
    '| migration | batch | applied | duration | by |',
    '| --- | ---: | --- | ---: | --- |',
    ...rows,
  ];
  return {
    head: `### History\n\n${countOf(applied.length, 'applied migration')}.`,
    blocks: [`${summary}\n\n${table.join('\n')}\n\n</details>`],
    leftOut,
  };
}
