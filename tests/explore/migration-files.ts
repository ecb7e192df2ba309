import { type TrailRow } from './effects.js';
import { nameOf, type PlannedMigration } from './schedule.js';

/*
 * Writes a drawn migration as its file. Each says what it does by rows in `explorer.effects`, with
 * its own statements: one when it begins and one when it ends. What is rolled back takes them along.
 */

/** The files of a plan: path in the project → content. */
export function filesOf(migrations: readonly PlannedMigration[]): Record<string, string> {
  return Object.fromEntries(migrations.flatMap((migration, index) => filesOfOne(migration, index)));
}

function filesOfOne(migration: PlannedMigration, index: number): [string, string][] {
  const name = nameOf(migration, index);
  const path = `migrations/${name}`;
  const up = upSteps(migration, index, name);
  const down = downSteps(migration, index, name);
  switch (migration.format) {
    case 'sql':
      return [
        [path, sqlFile(migration, up)],
        [path.replace('.up.sql', '.down.sql'), sqlFile(migration, down)],
      ];
    case 'db-migrate':
      return [[path, dbMigrateFile(migration, up, down)]];
    case 'knex':
      return [[path, knexFile(migration, up, down)]];
  }
}

/** One thing that a migration does. */
type Step =
  | { sql: string; middle: boolean; careless: boolean; late?: string; times?: number }
  | { sleepMs: number };

/** How many small batches one that retries works in; they take about half a second. */
const BATCHES = 100;

const FAILS = "do $$ begin raise exception 'it always fails'; end $$";
const SESSION = {
  search_path: 'set search_path to explorer',
  timezone: "set timezone to 'Asia/Tokyo'",
};

function upSteps(migration: PlannedMigration, index: number, name: string): Step[] {
  const { ending, session, table, style } = migration;
  const middle = (sql: string, careless = true): Step => ({ sql, middle: true, careless });
  return [
    edge(effect(name, 'up', 'begin')),
    ...(table ? [middle(`create table if not exists t_${index + 1} (id int)`)] : []),
    ...sleepOf(migration),
    ...(style === 'retries' ? [{ ...middle(effect(name, 'up', 'batch')), times: BATCHES }] : []),
    ...(migration.index ? indexSteps(index) : []),
    ...(ending === 'fails' ? [failing(migration, name)] : []),
    ...(session === null ? [] : [edge(SESSION[session])]),
    ...(ending === 'commits' ? [edge('commit')] : []),
    edge(effect(name, 'up', 'end')),
    ...(ending === 'rolls back' ? [edge('rollback')] : []),
  ];
}

/** One that does all together goes on after that part has failed, in a branch that nobody waits for. */
function failing({ style }: PlannedMigration, name: string): Step {
  const step = { sql: FAILS, middle: true, careless: false };
  return style === 'together' ? { ...step, late: effect(name, 'up', 'late') } : step;
}

function downSteps(migration: PlannedMigration, index: number, name: string): Step[] {
  return [
    edge(effect(name, 'down', 'begin')),
    ...(migration.table ? [edge(`drop table if exists t_${index + 1}`)] : []),
    ...sleepOf(migration),
    edge(effect(name, 'down', 'end')),
  ];
}

function sleepOf({ format, sleepMs, sleepIn }: PlannedMigration): Step[] {
  if (sleepMs === 0) return [];
  if (sleepIn === 'client' && format !== 'sql') return [{ sleepMs }];
  return [{ sql: sleepSql(sleepMs), middle: true, careless: true }];
}

/** What is sent in its place, whatever the style. */
function edge(sql: string): Step {
  return { sql, middle: false, careless: false };
}

/** An attempt that was cut off may have left one that is not valid. */
function indexSteps(index: number): Step[] {
  const name = `i_${index + 1}`;
  return [
    edge(`drop index if exists ${name}`),
    edge(`create index concurrently ${name} on t_${index + 1} (id)`),
  ];
}

function effect(name: string, direction: 'up' | 'down', part: TrailRow['part']): string {
  return `select explorer.effect('${name}', '${direction}', '${part}')`;
}

function sleepSql(ms: number): string {
  return `select pg_sleep(${ms / 1000})`;
}

function sqlFile({ transaction }: PlannedMigration, steps: readonly Step[]): string {
  const statements = steps.flatMap((step) => ('sql' in step ? [`${step.sql};\n`] : []));
  return `${transaction ? '' : '-- knexward: no-transaction\n'}${statements.join('')}`;
}

function knexFile(migration: PlannedMigration, up: readonly Step[], down: readonly Step[]): string {
  const send = (sql: string): string => `knex.raw(${JSON.stringify(sql)})`;
  const config = migration.transaction ? '' : 'exports.config = { transaction: false };\n';
  return `${config}exports.up = async (knex) => {
${asyncBody(up, migration, send)}};
exports.down = async (knex) => {
${asyncBody(down, migration, send)}};
`;
}

function dbMigrateFile(
  migration: PlannedMigration,
  up: readonly Step[],
  down: readonly Step[],
): string {
  const send = (sql: string): string => `db.runSql(${JSON.stringify(sql)})`;
  if (migration.style === 'callback') {
    return `exports.up = function (db, callback) {\n${callbackBody(up)}};
exports.down = function (db, callback) {\n${callbackBody(down)}};
`;
  }
  return `exports.up = async function (db) {
${asyncBody(up, migration, send)}};
exports.down = async function (db) {
${asyncBody(down, migration, send)}};
`;
}

const wait = (ms: number): string => `new Promise((resolve) => setTimeout(resolve, ${ms}))`;

function asyncBody(
  steps: readonly Step[],
  { style }: PlannedMigration,
  send: (sql: string) => string,
): string {
  const lines: string[] = [];
  let together: string[] = [];
  const flush = (): void => {
    if (together.length > 0) lines.push(`  await Promise.all([${together.join(', ')}]);\n`);
    together = [];
  };
  for (const step of steps) {
    const inMiddle = !('sql' in step) || step.middle;
    const sent = 'sql' in step ? send(step.sql) : wait(step.sleepMs);
    const call =
      'sql' in step && step.late !== undefined ? failingAndGoingOn(sent, send(step.late)) : sent;
    if ('sql' in step && step.times !== undefined) {
      lines.push(`  ${goingOn(sent, step.times)}\n`);
      continue;
    }
    const careless = (style === 'swallow' || style === 'retries') && 'sql' in step && step.careless;
    if (style === 'together' && inMiddle) {
      together.push(call);
      continue;
    }
    flush();
    lines.push(`  await ${call}${careless ? '.catch(() => undefined)' : ''};\n`);
  }
  flush();
  return lines.join('');
}

/** The same again and again, whatever comes of it, and at once as well as after a pause. */
function goingOn(sent: string, times: number): string {
  return `for (let n = 0; n < ${times}; n++) await (n % 4 === 0 ? ${wait(4)} : Promise.resolve()).then(() => ${sent}).catch(() => undefined);`;
}

/** What fails, and goes on for a while. A query of Knex's is sent each time that somebody waits for it. */
function failingAndGoingOn(failing: string, late: string): string {
  return `(() => { const sent = Promise.resolve(${failing}); sent.catch(async () => { ${goingOn(late, 40)} }); return sent; })()`;
}

function callbackBody(steps: readonly Step[]): string {
  const [first, ...rest] = steps;
  if (!first) return '  callback();\n';
  const inner = callbackBody(rest);
  if ('sleepMs' in first) return `  setTimeout(function () {\n${inner}  }, ${first.sleepMs});\n`;
  return `  db.runSql(${JSON.stringify(first.sql)}, function (error) {
  if (error) return callback(error);\n${inner}  });\n`;
}
