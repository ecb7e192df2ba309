/*
 * A fixed list of forty slips that a competent person might make in a refactoring, which measures what the test suite
 * catches before it is changed and after; it was written without a look at the tests. `scripts/mutation.mjs` plants
 * them one at a time.
 */

/** @typedef {{ id: string, room: string, kind: 'boundary'|'quoting'|'order'|'lock'|'transaction'|'message'|'exit-code'|'condition'|'data'|'configuration', file: string, find: string, replace: string, breaks: string }} Fault */

/** @type {readonly Fault[]} */
export const FAULTS = [
  // run
  {
    id: 'lock-used-for-reading',
    room: 'run',
    kind: 'lock',
    file: 'src/run/carry-out.ts',
    find: 'const control = new ControlConnection(() => session.connect(), applicationName, patience);',
    replace:
      'const control = new ControlConnection(() => Promise.resolve(session.client), applicationName, patience);',
    breaks:
      'A statement of the run that fails ends the transaction that holds the lock, and a second runner runs beside it.',
  },
  {
    id: 'failed-commit-told-as-done',
    room: 'transaction',
    kind: 'transaction',
    file: 'src/transaction/transactions.ts',
    find: 'if (!next || !committed) throw error;',
    replace:
      "if (!next) throw error;\n      if (!committed) return Confirmation.ofAnswer([{ command: 'COMMIT' }]);",
    breaks:
      'A change whose commit fails, by a deferred constraint for one, is told as done although it was rolled back, and the one after it is blamed.',
  },
  {
    id: 'commit-and-begin-unseen',
    room: 'transaction',
    kind: 'transaction',
    file: 'src/transaction/watch-transaction.ts',
    find: "if (text === 'COMMIT' || text === 'PREPARE TRANSACTION') {",
    replace: "if (text === 'PREPARE TRANSACTION') {",
    breaks:
      'A SQL file that commits and begins anew is not warned of, and where it fails after that it is said to have left no trace.',
  },
  {
    id: 'resolve-journal-outside-transaction',
    room: 'run',
    kind: 'transaction',
    file: 'src/maintain/resolve.ts',
    find: `await writeJournal(client, tables, {\n    ...{ runId, event: 'resolved', migration: name, batch },`,
    replace: `await client.query('commit; begin');\n  await writeJournal(client, tables, {\n    ...{ runId, event: 'resolved', migration: name, batch },`,
    breaks:
      'A resolve that is cut off in the middle leaves a history that says "applied" and a journal that says "unfinished".',
  },
  {
    id: 'note-after-the-end',
    room: 'run',
    kind: 'order',
    file: 'src/run/change-outside.ts',
    find: 'await finishNotes();',
    replace: 'void finishNotes();',
    breaks:
      'The note on the last statement of a change outside a transaction can come after the row that records its end, and up then stops with UNFINISHED for a change that is done.',
  },
  {
    id: 'shutdown-taken-for-refusal',
    room: 'failure',
    kind: 'condition',
    file: 'src/failure/failure.ts',
    find: '!/^(08|57P)/.test(sqlstate)',
    replace: '!/^08/.test(sqlstate)',
    breaks:
      'A change outside a transaction that a shutdown of the server cuts off counts as failed and not as unfinished, so that the next up runs it again without asking.',
  },
  {
    id: 'one-retry-less',
    room: 'run',
    kind: 'boundary',
    file: 'src/run/retries.ts',
    find: '|| tried > retries) return',
    replace: '|| tried >= retries) return',
    breaks: 'A change that does not get its locks is tried again once less than the knexfile says.',
  },

  // history
  {
    id: 'shared-fence',
    room: 'history',
    kind: 'lock',
    file: 'src/history/fence.ts',
    find: 'select pg_advisory_xact_lock(${FENCE_LOCK}',
    replace: 'select pg_advisory_xact_lock_shared(${FENCE_LOCK}',
    breaks:
      'Where a runner has lost its lock without noticing, its last change and the first one of the next runner pass the fence together, and a migration can run twice.',
  },
  {
    id: 'left-lock-not-taken-over',
    room: 'history',
    kind: 'lock',
    file: 'src/history/knex-lock.ts',
    find: 'where (is_locked = 0 or is_locked >= ${LEAST_RUN_NUMBER}) and',
    replace: 'where is_locked = 0 and',
    breaks:
      'After a runner was killed, every later up is refused with LOCKED until a person unlocks.',
  },
  {
    id: 'oldest-checksum-counts',
    room: 'history',
    kind: 'order',
    file: 'src/history/journal.ts',
    find: 'order by h.name, j.id desc',
    replace: 'order by h.name, j.id',
    breaks:
      'A file whose checksum was accepted goes on being told as changed, because the first checksum counts and not the last.',
  },
  {
    id: 'moment-in-zone-of-session',
    room: 'history',
    kind: 'data',
    file: 'src/history/moment.ts',
    find: "to_char(${column} at time zone 'UTC',",
    replace: 'to_char(${column},',
    breaks:
      'Where the time zone of the session is not UTC, status and adopt tell local times with a Z behind them.',
  },

  // plan
  {
    id: 'up-to-name-excludes-it',
    room: 'plan',
    kind: 'boundary',
    file: 'src/plan/plan.ts',
    find: '(position.get(name) ?? Infinity) <= end',
    replace: '(position.get(name) ?? Infinity) < end',
    breaks: 'up with a name stops before that migration and does not apply it.',
  },
  {
    id: 'chosen-in-order-of-files',
    room: 'plan',
    kind: 'order',
    file: 'src/plan/plan.ts',
    find: 'steps = steps.filter((step) => at(step) >= 0).sort((a, b) => at(a) - at(b));',
    replace: 'steps = steps.filter((step) => at(step) >= 0);',
    breaks:
      'planUp applies the migrations that a caller chose in the order of their names, and not in the order in which the caller gives them.',
  },
  {
    id: 'hint-names-no-option',
    room: 'plan',
    kind: 'message',
    file: 'src/plan/problems.ts',
    find: "commandLine('resolve', name, '--accept-checksum')",
    replace: "commandLine('resolve', name, '--accept-changed')",
    breaks:
      'What status says to run for an edited file is a command with an option that does not exist.',
  },

  // verify
  {
    id: 'trip-without-the-one-before',
    room: 'verify',
    kind: 'boundary',
    file: 'src/verify/round-trip.ts',
    find: 'reopen([...applied, ...pending.slice(0, index + 1)])',
    replace: 'reopen([...applied, ...pending.slice(0, index)])',
    breaks:
      'After a migration that does not come back as it should, verify --round-trip tries the next one in a database that lacks it, and reports a failure that is none.',
  },
  {
    id: 'enum-labels-by-oid',
    room: 'schema/catalog',
    kind: 'order',
    file: 'src/schema/catalog/queries/types.ts',
    find: 'json_agg(enumlabel order by enumsortorder)',
    replace: 'json_agg(enumlabel order by oid)',
    breaks:
      'An enum that got a label in its middle is described with that label last, in the snapshot, the schema file and the baseline.',
  },
  {
    id: 'rows-of-children-twice',
    room: 'squash',
    kind: 'data',
    file: 'src/squash/data.ts',
    find: `from only \${name}\``,
    replace: `from \${name}\``,
    breaks:
      'Where tables inherit from a table and hold rows, a baseline takes these rows for those of the parent as well, and is refused as one that differs.',
  },
  {
    id: 'left-over-of-the-living',
    room: 'throwaway',
    kind: 'lock',
    file: 'src/throwaway/left-overs.ts',
    find: 'if (!alive.has(owner)) await dropQuietly(client, name);',
    replace: 'await dropQuietly(client, name);',
    breaks:
      'A temporary database is dropped by another command in the moment in which nobody is connected to it, in the middle of a verify.',
  },
  {
    id: 'comment-swallows-semicolon',
    room: 'rehearsal',
    kind: 'quoting',
    file: 'src/rehearsal/bound-values.ts',
    find: "return tokens.at(-1)?.text.startsWith('--') ? `${trimmed}\\n;` : `${trimmed};`;",
    replace: 'return `${trimmed};`;',
    breaks:
      'A plan file in which a statement ends with a comment runs into the next statement, and psql refuses it.',
  },
  {
    id: 'fix-script-in-one-transaction',
    room: 'repair',
    kind: 'message',
    file: 'src/repair/fix-script.ts',
    find: "const single = singleTransaction ? '--single-transaction ' : '';",
    replace: "const single = '--single-transaction ';",
    breaks:
      'A fix script that adds a label to an enum and uses it says to run it with an option with which PostgreSQL refuses it.',
  },

  // adopt
  {
    id: 'takeover-record-last',
    room: 'adopt',
    kind: 'order',
    file: 'src/adopt/files.ts',
    find: 'plan.actions.unshift(...recordAction(project.root, plan.actions, facts.timeZone));',
    replace: 'plan.actions.push(...recordAction(project.root, plan.actions, facts.timeZone));',
    breaks:
      'A takeover that is killed while it sets the files has not written down what it did to them, and --undo cannot bring them back.',
  },
  {
    id: 'reverted-and-applied-again-lost',
    room: 'adopt',
    kind: 'data',
    file: 'src/adopt/plan.ts',
    find: 'for (const name of reverted) known.delete(name);',
    replace: '',
    breaks:
      'A migration that db-migrate has reverted and applied again since the takeover is in no history after the next adopt, and up runs it once more.',
  },
  {
    id: 'ambiguous-hour-untold',
    room: 'adopt',
    kind: 'condition',
    file: 'src/adopt/inspect-database.ts',
    find: "`${again('1 hour')} or ${again('-1 hour')}`",
    replace: "again('1 hour')",
    breaks:
      'A time of the night in which clocks were put back is carried over without a word that it could be an hour off.',
  },

  // db-migrate
  {
    id: 'using-unquoted',
    room: 'db-migrate',
    kind: 'quoting',
    file: 'src/db-migrate/driver/columns.ts',
    find: '`USING "${columnName}"::${type}`',
    replace: '`USING ${columnName}::${type}`',
    breaks: 'changeColumn of an old migration fails on a column whose name has capitals in it.',
  },
  {
    id: 'pooled-the-wrong-way-round',
    room: 'db-migrate',
    kind: 'transaction',
    file: 'src/db-migrate/driver/search-path.ts',
    find: 'const pooled = !(await isDirect(connection));',
    replace: 'const pooled = await isDirect(connection);',
    breaks:
      'Behind a pooler the search path of an old migration is set for a session that others use, and on a direct connection it is gone once the migration ends its transaction itself.',
  },
  {
    id: 'first-default-environment',
    room: 'db-migrate',
    kind: 'configuration',
    file: 'src/db-migrate/config.ts',
    find: 'Object.hasOwn(config.environments, name))\n    .at(-1);',
    replace: 'Object.hasOwn(config.environments, name))\n    .at(0);',
    breaks:
      'Where database.json has both dev and development, a call without an environment is taken to another database than db-migrate took it to.',
  },

  // the others
  {
    id: 'baseline-line-too-early',
    room: 'baseline',
    kind: 'boundary',
    file: 'src/baseline/file.ts',
    find: 'linesBefore: lines.length + 3,',
    replace: 'linesBefore: lines.length + 2,',
    breaks:
      'A statement of a baseline that fails is reported one line above the one on which it stands.',
  },
  {
    id: 'baseline-drift-exits-with-0',
    room: 'cli',
    kind: 'exit-code',
    file: 'src/cli/verify.ts',
    find: 'if (!inSync || baseline?.inSync === false || !(roundTrip ?? []).every(isSound))',
    replace: 'if (!inSync || !(roundTrip ?? []).every(isSound))',
    breaks: 'verify exits with 0 although the baseline is not what the migrations make.',
  },
  {
    id: 'capitals-of-plain-schema-kept',
    room: 'config',
    kind: 'quoting',
    file: 'src/config/scope.ts',
    find: '(plain as string).replace(/[A-Z]+/g, (letters) => letters.toLowerCase())',
    replace: '(plain as string)',
    breaks:
      'A scope whose config.json writes its schema with capitals and without quotes is looked for in a schema that does not exist.',
  },
  {
    id: 'search-path-quoted-where-odd',
    room: 'database',
    kind: 'quoting',
    file: 'src/database/search-path.ts',
    find: "return schemas.map((schema) => escapeIdentifier(schema)).join(', ');",
    replace:
      "const quoted = (schema: string): string =>\n    /^\\w+$/.test(schema) ? schema : escapeIdentifier(schema);\n  return schemas.map(quoted).join(', ');",
    breaks:
      'With a searchPath that has capitals in it, SQL files and old migrations work in the schema of that name in small letters, or in the next one of the path.',
  },
  {
    id: 'knex-lock-is-yellow',
    room: 'plan',
    kind: 'exit-code',
    file: 'src/plan/status.ts',
    find: "  'KNEX_LOCKED',\n",
    replace: '',
    breaks:
      "doctor exits with 0 and wait returns although up refuses, because Knex's lock is held.",
  },
  {
    id: 'first-out-stops-server',
    room: 'embedded',
    kind: 'lock',
    file: 'src/embedded/lease.ts',
    find: 'return await this.ask(`pg_try_advisory_lock(${KEY})`);',
    replace: 'return await this.ask(`pg_try_advisory_lock_shared(${KEY})`);',
    breaks:
      'Of two commands that use the embedded server at once, the first that ends stops it under the other.',
  },
  {
    id: 'names-sorted-by-locale',
    room: 'files',
    kind: 'order',
    file: 'src/files/name.ts',
    find: 'return a < b ? -1 : a > b ? 1 : 0;',
    replace: 'return a.localeCompare(b);',
    breaks:
      'Migrations of the same second run in the order of a dictionary and not in that of Knex and db-migrate: with capitals, hyphens and underscores it is another.',
  },
  {
    id: 'settings-of-call-come-second',
    room: 'migrator',
    kind: 'configuration',
    file: 'src/migrator/configuration.ts',
    find: 'resolveSettings({ ...project.knex.knexward, ...settings })',
    replace: 'resolveSettings({ ...settings, ...project.knex.knexward })',
    breaks: 'What createMigrator is given as settings does not go before what the knexfile says.',
  },
  {
    id: 'text-log-shows-secrets',
    room: 'report',
    kind: 'data',
    file: 'src/report/log.ts',
    find: 'write: (_level, text) => line.above(redact(text)),',
    replace: 'write: (_level, text) => line.above(text),',
    breaks: 'A password that a migration prints stands in the log of the pipeline.',
  },
  {
    id: 'sub-folders-not-in-key',
    room: 'testing',
    kind: 'condition',
    file: 'src/testing/key.ts',
    find: 'return entry.isDirectory() ? filesIn(path) : [];',
    replace: 'return [];',
    breaks:
      'After an edit of a SQL file under sqls/, test databases go on being copied from the old template.',
  },
  {
    id: 'still-pending-exits-with-5',
    room: 'errors',
    kind: 'exit-code',
    file: 'src/errors.ts',
    find: 'STILL_PENDING: { exit: 6,',
    replace: 'STILL_PENDING: { exit: 5,',
    breaks:
      'wait exits with the code for a history that disagrees with the files when its time is over.',
  },
  {
    id: 'overlapping-secret-ends-early',
    room: 'secrets',
    kind: 'boundary',
    file: 'src/secrets.ts',
    find: 'last.end = Math.max(last.end, span.end);',
    replace: 'last.end = span.end;',
    breaks:
      'The end of a secret is shown where something within it looks like a shorter secret, such as a password that holds "password=".',
  },
  {
    id: 'timeout-hint-names-the-other',
    room: 'sqlstates',
    kind: 'message',
    file: 'src/sqlstates.ts',
    find: 'Raise knexward.statementTimeout in the knexfile',
    replace: 'Raise knexward.lockTimeout in the knexfile',
    breaks:
      'Who has a statement cancelled by statement_timeout is told to raise a setting that has no effect on it.',
  },
  {
    id: 'double-row-counts-where-oldest',
    room: 'compat/db-migrate',
    kind: 'order',
    file: 'compat/db-migrate/src/state.ts',
    find: '[...new Set(own.reverse())]',
    replace: '[...new Set(own)].reverse()',
    breaks:
      'Where the history has two rows of one migration, down reverts another one than the newest.',
  },
];
