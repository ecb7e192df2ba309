import { countOf } from '../count.js';
import { commandLine } from '../command-line.js';
import { createHash, randomUUID } from 'node:crypto';
import { escapeLiteral } from 'pg';
import { schemasOf, searchPathText } from '../database/search-path.js';
import { fence } from '../history/fence.js';
import { actor, journalInsert } from '../history/journal.js';
import { adoptedOriginal } from '../history/read.js';
import { createTablesSql, qualified } from '../history/tables.js';
import { recordOf } from '../run/record.js';
import { terminated, withValues } from './bound-values.js';
import { type Rehearsal, type RehearsedChange } from './rehearse.js';
import { type SentStatement } from './recorder.js';

const TITLE = '-- A plan: what knexward would do. Written by "knexward plan".';

/** Whether a text is what `renderScript` made, so that nothing else is written over. */
export function isScript(text: string): boolean {
  return text.startsWith(TITLE);
}

/**
 * A rehearsal as SQL that does all of it, for psql or any client: the changes, each with its history
 * row and its journal row, as a run would write them. Each change first makes sure that the history
 * is the one that it was planned for.
 */
export function renderScript(rehearsal: Rehearsal): string {
  const { changes, batch } = rehearsal;
  if (batch === null) return `${TITLE}\n-- ${nothingToDo(rehearsal)}\n`;
  const states = statesBefore(rehearsal);
  const context = { rehearsal, batch, runId: randomUUID() };
  const blocks = [
    head(rehearsal),
    setUp(rehearsal, states[0] ?? []),
    ...changes.map((change, index) =>
      changeBlock(context, change, states[index] ?? [], `${index + 1}/${changes.length}`),
    ),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function nothingToDo({ direction }: Rehearsal): string {
  return direction === 'up' ? 'Already up to date' : 'Already at the base schema version';
}

/** The names in the history before each change. */
function statesBefore({ changes, direction, real }: Rehearsal): string[][] {
  const states = [real.history.rows.map(({ name }) => name)];
  for (const { name } of changes) {
    const before = states.at(-1) ?? [];
    states.push(
      direction === 'up' ? [...before, name] : before.filter((present) => present !== name),
    );
  }
  return states;
}

function head(rehearsal: Rehearsal): string {
  const { environment, direction, changes, real, base, baseReason, shadow, failed } = rehearsal;
  const { rows } = real.history;
  const last = rows.at(-1);
  const { knex, migrations } = real.config;
  const { beforeAll, afterAll } = migrations.hooks;
  return [
    TITLE,
    `-- ${direction}, ${countOf(changes.length, 'migration')}, batch ${rehearsal.batch}; environment ${environment}.`,
    `-- For a database with ${rows.length} applied migrations${last ? `, ${last.name} the last` : ''}; any other refuses it, so it cannot run twice.`,
    '-- Run it with: psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f <this file>',
    `-- Found out on ${shadow ?? ''}${base === 'schema' ? ', which had the schema of the database and no data' : ''}.`,
    ...(baseReason === null ? [] : [`-- What is applied was not replayed: ${baseReason}`]),
    ...(beforeAll || afterAll
      ? ['-- What the hooks beforeAll and afterAll of the knexfile do is not in it.']
      : []),
    ...(knex.pool?.afterCreate
      ? [
          '-- What pool.afterCreate of the knexfile does to a session (a role, say) is to be done before.',
        ]
      : []),
    ...(failed ? [`-- INCOMPLETE: ${failed.name} failed. It and what follows is not in it.`] : []),
  ]
    .map(onOneLine)
    .join('\n');
}

/** The session as a run has it, and the tables of the history where they are not all there. */
function setUp({ real }: Rehearsal, applied: readonly string[]): string {
  const { history, config } = real;
  const schemas = schemasOf(config.knex);
  const session = [
    "set client_encoding = 'UTF8';",
    ...(schemas === null ? [] : [`set search_path = ${searchPathText(schemas)};`]),
  ].join('\n');
  if (history.complete) return `${session}\n\n${refuseUnadopted(real)}`;
  return [
    session,
    '',
    'begin isolation level read committed;',
    `do $knexward$ begin perform ${callOf(fence(history.tables))}; end $knexward$;`,
    createTablesSql(history.tables).trim(),
    refuseUnadopted(real),
    guard(real, applied),
    'commit;',
  ].join('\n');
}

/** A database that db-migrate has migrated, and whose history nobody has taken over. */
function refuseUnadopted({ history }: Rehearsal['real']): string {
  const { tables } = history;
  const { schema, table } = tables.dbMigrate;
  const old = qualified(schema, table);
  return `do $knexward$ begin
  if 3 = (select count(*) from pg_attribute where attrelid = to_regclass(${escapeLiteral(old)})
           and attname in ('id', 'name', 'run_on') and not attisdropped) then
    if exists (select from ${old} m where not exists (${adoptedOriginal(tables, 'm')})) then
      raise exception 'This database has a history of db-migrate that is not taken over.'
        using hint = ${escapeLiteral(`First run: ${commandLine('adopt')}`)};
    end if;
  end if;
end $knexward$;`;
}

/** `perform` is what PL/pgSQL has for `select`. */
function callOf(select: string): string {
  return select.replace(/^select /, '');
}

/** Passes the fence, as each change of a run does, and then looks whether the history is as planned. */
function guard({ history }: Rehearsal['real'], applied: readonly string[]): string {
  const { tables } = history;
  const table = qualified(tables.schema, tables.history);
  const lock = qualified(tables.schema, tables.lock);
  const hash = createHash('sha256').update(applied.join('\n')).digest('hex');
  return `do $knexward$
declare
  found text;
begin
  perform ${callOf(fence(tables))};
  if to_regclass(${escapeLiteral(table)}) is null then
    raise exception 'This database has no history of migrations: it is not the one that this plan is for.';
  end if;
  if exists (select from ${lock} where is_locked <> 0) then
    raise exception 'Migrations are being run on this database, or a run was killed.'
      using hint = ${escapeLiteral(`See what is going on: ${commandLine('status')}`)};
  end if;
  select encode(sha256(convert_to(coalesce(string_agg(name, chr(10) order by id), ''), 'UTF8')), 'hex')
    into found from ${table};
  if found <> '${hash}' then
    raise exception 'The history of this database is not the one that this plan is for: it is another database, or the plan has been run on it.'
      using detail = format('It has %s applied migrations; the plan needs ${applied.length} here.', (select count(*) from ${table})),
      hint = ${escapeLiteral(`Create the plan again: ${commandLine('plan')}`)};
  end if;
end $knexward$;`;
}

interface Context {
  rehearsal: Rehearsal;
  batch: number;
  runId: string;
}

function changeBlock(
  context: Context,
  change: RehearsedChange,
  applied: readonly string[],
  position: string,
): string {
  const { real } = context.rehearsal;
  const title = [
    `-- ${position} ${change.name}${change.transaction ? '' : ', outside a transaction'}`,
    ...notesOn(change).map((note) => `-- ! ${note}`),
  ].map(onOneLine);
  const { lockTimeout, statementTimeout } = real.config.settings;
  const begin = 'begin isolation level read committed;';
  const statements = change.statements.map((statement) => runnable(statement, change));
  if (!change.transaction) {
    return [
      ...[...title, begin, guard(real, applied), announcement(context, change), 'commit;'],
      ...statements,
      ...['begin;', ...records(context, change), 'commit;'],
    ].join('\n');
  }
  return [
    ...[...title, begin, `set local lock_timeout = '${lockTimeout}ms';`],
    ...(statementTimeout === null
      ? []
      : [`set local statement_timeout = '${statementTimeout}ms';`]),
    ...[guard(real, applied), ...statements],
    // Its own COMMIT has ended the transaction; the two rows get another.
    ...(change.endsTransaction ? ['begin;'] : []),
    ...[...records(context, change), 'commit;'],
  ].join('\n');
}

/** What a person should know of a change before its SQL is run. */
export function notesOn({ readsData, warnings }: RehearsedChange): string[] {
  return [
    ...(readsData
      ? ['its SQL may depend on the data that it reads; here it read what migrations have made']
      : []),
    ...warnings,
  ];
}

function runnable(statement: SentStatement, { transaction }: RehearsedChange): string {
  const { sql, bindings, refused, commands } = statement;
  const whole = terminated(withValues(sql, bindings));
  if (refused !== null) {
    const lines = whole.split(/\r\n|[\r\n]/).map((line) => `--   ${line}`);
    return [`-- refused when it was rehearsed (SQLSTATE ${refused}):`, ...lines].join('\n');
  }
  // Several statements in one message to the server are one transaction; psql sends each alone.
  const isOne = !transaction && commands.length > 1 && !commands.some(endsTransaction);
  return isOne ? ['begin;', whole, 'commit;'].join('\n') : whole;
}

function endsTransaction(command: string): boolean {
  return /^(?:BEGIN|START|COMMIT|ROLLBACK|PREPARE TRANSACTION)/.test(command);
}

/** The same rows as a run writes; while db-migrate's table is there, its row is among them. */
function records({ rehearsal, ...context }: Context, change: RehearsedChange): string[] {
  const { direction, real } = rehearsal;
  const { tables, dbMigrate: oldTable } = real.history;
  const { statements, isDoneElsewhere } = recordOf(
    { ...context, tables, direction, oldTable, actor: planner() },
    change,
    { durationMs: null, empty: change.statements.length === 0 },
  );
  return [`${statements};`, ...(isDoneElsewhere ? [refuseUnadopted(real)] : [])];
}

function announcement(
  { rehearsal, batch, runId }: Context,
  { name, checksum }: RehearsedChange,
): string {
  const { direction, real } = rehearsal;
  const entry = journalInsert(real.history.tables, {
    ...{ runId, event: 'started', migration: name, batch, checksum, actor: planner() },
    details: { direction },
  });
  return `${entry};`;
}

function planner(): string {
  return `a plan by ${actor()}`;
}

/** A name may hold a line break, and a comment in SQL ends with its line. */
function onOneLine(text: string): string {
  return text.replace(/[\r\n\u2028\u2029\v\f\0]/g, ' ');
}
