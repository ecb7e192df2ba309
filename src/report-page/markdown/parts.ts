import { commandLine } from '../../command-line.js';
import { countOf } from '../../count.js';
import { type Check } from '../../doctor/check.js';
import { type Failure } from '../../doctor/facts.js';
import { endStatement } from '../../schema/sql/text.js';
import { durationOf, withoutDuration } from '../history-groups.js';
import { html } from '../html/template.js';
import { type Report, type ReportedChange, type ReportedPlan } from '../model.js';
import { type Change, type ShownTable } from '../tables.js';
import { differenceOf, driftAdvice, momentOf, notKnown, problemsOf, spanOf } from '../words.js';
import { block, code, text } from './escape.js';
import { cutTo, type Part } from './fit.js';

/** Of one migration's SQL, or of one fix. */
const MOST_OF_SQL = 12_000;
/** Of one message. */
const MOST_OF_TEXT = 4_000;
const NEWEST = 20;

/** The sentence for what has no room, with the command that shows it. */
function noRoomFor(what: string, command: string): Part['leftOut'] {
  return (count) =>
    `_${countOf(count, `more ${what} has`, `more ${what}s have`)} no room in this comment._ ${code(command)}`;
}

function paragraph(value: string): string {
  return text(cutTo(value, MOST_OF_TEXT, '…'));
}

function quoted(sign: string, message: string, fix: string | null): string {
  return `> ${sign} ${paragraph(message)}${fix ? `\n>\n> ${paragraph(fix)}` : ''}`;
}

function notFoundOut(what: string, failure: Failure): string {
  const { message, fix } = notKnown(what, failure);
  return quoted('❔', message, fix);
}

/** SQL behind a line that opens it. What stands between the tags is HTML, and no Markdown. */
function folded(summary: string, tag: string, sql: string, command: string): string {
  const line = html`<details>
    <summary><code>${summary}</code> ${tag}</summary>
  </details>`.text;
  const shown = cutTo(sql, MOST_OF_SQL, `-- The rest has no room in this comment: ${command}`);
  return `${line}\n\n${block('sql', shown)}\n\n</details>`;
}

export function pendingPart({ pending, plan }: Report): Part {
  const leftOut = noRoomFor('pending migration', commandLine('plan'));
  const title = '### Pending migrations';
  if (pending.length === 0) return { head: `${title}\n\nAlready up to date.`, blocks: [], leftOut };
  if (plan.failed) {
    const blocks = [
      notFoundOut('No SQL is shown.', plan.failed),
      ...pending.map(({ name }) => `- ${code(name)}`),
    ];
    return { head: title, blocks, leftOut };
  }
  const { batch, changes } = plan.value;
  const head = `${title}\n\nBatch ${batch} would run ${countOf(pending.length, 'migration')}.`;
  return { head, blocks: [...notesOf(plan.value), ...changes.map(changeBlock)], leftOut };
}

/** What goes wrong comes before what goes well: it must not be what has no room. */
function notesOf({ base, baseReason, baseline, failed, notReached }: ReportedPlan): string[] {
  return [
    ...(failed ? [quoted('❌', `${failed.name} fails: ${failed.message}`, failed.fix)] : []),
    ...(notReached.length > 0 ? [`Not reached: ${countOf(notReached.length, 'migration')}.`] : []),
    ...(base === 'schema'
      ? [
          quoted(
            '🟡',
            `Rehearsed on the schema of the database, without data: ${baseReason ?? ''}`,
            null,
          ),
        ]
      : []),
    ...(baseline
      ? [
          `up begins with the baseline ${code(baseline.file)} instead of the first ${countOf(baseline.migrations, 'migration')}.`,
        ]
      : []),
  ];
}

function changeBlock({ name, transaction, notes, statements }: ReportedChange): string {
  const sql = statements.map(({ sql: sent, refused }) =>
    refused === null ? sent : `-- refused (SQLSTATE ${refused}):\n${sent}`,
  );
  const lines = [...notes.map((note) => `-- ! ${note.replace(/\s+/g, ' ')}`), ...sql];
  const all = sql.length === 0 ? [...lines, '-- sends nothing'] : lines;
  const tag = transaction ? '' : '(outside a transaction)';
  return folded(name, tag, all.join('\n'), commandLine('plan'));
}

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

export function driftPart({ drift }: Report): Part {
  const title = '### Drift';
  const leftOut = noRoomFor('difference', commandLine('verify'));
  if (drift.failed) {
    const what = 'The database was not compared with its migrations.';
    return { head: title, blocks: [notFoundOut(what, drift.failed)], leftOut };
  }
  const { differences, replayed, unreplayable } = drift.value;
  const source = countOf(replayed ?? 0, 'applied migration');
  const head =
    differences.length === 0
      ? `The database matches its ${source}.`
      : `${countOf(differences.length, 'difference')} between the ${source} and the database.`;
  const blocks = [
    ...(unreplayable.length > 0
      ? [
          quoted(
            '🟡',
            `Not proven: ${countOf(unreplayable.length, 'applied migration has', 'applied migrations have')} no file to replay: ${unreplayable.join(', ')}`,
            null,
          ),
        ]
      : []),
    ...(differences.length > 0 ? [advice()] : []),
    ...differences.map((one) => {
      const loses = one.losesData ? ', the fix loses data' : '';
      const tag = `(${differenceOf(one)}${loses})`;
      const sql = one.fix.map(endStatement).join('\n');
      return folded(`${one.kind} ${one.object}`, tag, sql, commandLine('verify'));
    }),
  ];
  return { head: `${title}\n\n${head}`, blocks, leftOut };
}

function advice(): string {
  const { texts, command } = driftAdvice();
  return `${texts.map(paragraph).join('\n\n')} ${code(command)}`;
}

/** Only what changes: a comment has no room for the diagram. */
export function schemaPart({ schema }: Report): Part | null {
  const changing = schema.tables.filter(({ change }) => change !== null);
  if (changing.length === 0) return null;
  const words: Record<Change, string> = {
    created: 'new',
    changed: 'changes',
    dropped: 'is dropped',
  };
  const signs: Record<Change, string> = { created: '+', changed: '~', dropped: '−' };
  const columnsOf = ({ columns }: ShownTable): string =>
    columns
      .flatMap(({ name, change }) => (change === null ? [] : [`${signs[change]} ${code(name)}`]))
      .join(', ');
  return {
    head: '### Tables that the pending migrations change',
    blocks: changing.map((table) => {
      const columns = columnsOf(table);
      const change = words[table.change as Change];
      return `- ${code(table.title)}: ${change}${columns === '' ? '' : ` (${columns})`}`;
    }),
    leftOut: noRoomFor('table', commandLine('plan')),
  };
}

export function historyPart({ applied, hasJournal }: Report): Part {
  const leftOut = noRoomFor('list', commandLine('status', '--verbose'));
  const newest = applied.slice(-NEWEST).reverse();
  if (newest.length === 0)
    return { head: '### History\n\nNo migration is applied.', blocks: [], leftOut };
  const rows = newest.map((migration) => {
    const { name, batch, appliedAt, recorded } = migration;
    const duration = durationOf(migration);
    const cells = [
      code(name),
      String(batch),
      appliedAt === null ? 'unknown' : text(momentOf(appliedAt)),
      text(duration === null ? withoutDuration(migration, hasJournal) : spanOf(duration)),
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
