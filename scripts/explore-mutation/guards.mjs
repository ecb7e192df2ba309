/*
 * The guards of a run, each of which can be taken away alone: what the explorer does not miss then, it would not miss
 * either where a refactoring loses it. Where one stands behind another, so that its loss alone changes nothing that can be
 * seen, the entry says so in `behind`, and takes both away.
 */

/** @typedef {{ file: string, find: string, replace: string }} Edit one place in the file, which has to be there once */
/** @typedef {{ name: string, at: number, guards: string, behind?: string, edits: Edit[] }} Guard `at`: a schedule of seed 7 that shows its loss */

const OPENING = 'src/transaction/opening.ts';
const CHANGE = 'src/run/change.ts';
const OUTSIDE = 'src/run/change-outside.ts';
const CARRY_OUT = 'src/run/carry-out.ts';
const TRANSACTIONS = 'src/transaction/transactions.ts';

/** @type {Edit} */
const OWNER_CHECK = {
  file: CHANGE,
  find: 'if (seen.lockedBy !== lockNumber) {',
  replace: 'if (seen.lockedBy !== lockNumber && recording.batch < 0) {',
};

/** @type {Edit} */
const SAME_TRANSACTION = {
  file: OPENING,
  find: "then 'true' else '${ENDED}' end::boolean`",
  replace: "then 'true' else 'true' end::boolean`",
};

/** @type {Edit} */
const RESET = {
  file: OPENING,
  find: "return reset === '' ? '' : `${reset}; `;",
  replace: "return reset === '' ? reset : '';",
};

/** @type {readonly Guard[]} */
export const GUARDS = [
  {
    name: 'fence',
    at: 95,
    guards: 'Two changes in transactions do not overlap, not even where a lock was lost.',
    edits: [
      {
        file: OPENING,
        find: "${fence(context.tables)}; ${look(context, name, 'txid_current()')}",
        replace: "${look(context, name, 'txid_current()')}",
      },
    ],
  },
  {
    name: 'fence-beside',
    at: 63,
    guards: 'Nobody else is at the same change while it runs outside a transaction.',
    edits: [
      {
        file: OPENING,
        find: "${fence(tables)}; ${look(context, name, 'null')}",
        replace: "${look(context, name, 'null')}",
      },
    ],
  },
  {
    name: 'look-after-fence',
    at: 4,
    guards: 'What another run has done meanwhile is not done again.',
    edits: [
      {
        file: CHANGE,
        find: "return seen.applied !== (recording.direction === 'up');",
        replace: 'return true;',
      },
    ],
  },
  {
    name: 'runners-lock',
    at: 2,
    guards: 'One run at a time.',
    edits: [
      {
        file: 'src/transaction/runners-lock.ts',
        find: 'return answer?.locked ? answer.pid : null;',
        replace: 'return answer?.pid ?? null;',
      },
    ],
  },
  {
    name: 'lock-check',
    at: 22,
    guards: 'A run whose lock is gone stops before its next change.',
    behind: 'owner-check',
    edits: [
      {
        file: 'src/transaction/runners-lock.ts',
        find: 'if (lost) throw lockLost();',
        replace: 'if (lost && waitMs < 0) throw lockLost();',
      },
      OWNER_CHECK,
    ],
  },
  {
    name: 'owner-check',
    at: 52,
    guards:
      'A run that another has taken over stops, even where it does not know that its lock is gone.',
    edits: [OWNER_CHECK],
  },
  {
    name: 'knex-lock',
    at: 8,
    guards: 'Knex itself keeps out while a run is at work.',
    behind: 'owner-check',
    edits: [
      {
        file: 'src/run/knex-locked-out.ts',
        find: 'if (!taken) throw knexLockTaken(tables.lock);',
        replace:
          'if (!taken) throw knexLockTaken(tables.lock);\n      await giveKnexLockBack(client, tables, number);',
      },
      OWNER_CHECK,
    ],
  },
  {
    name: 'knex-lock-of-others',
    at: 52,
    guards: "A run gives back its own hold of Knex's lock, and no other run's.",
    edits: [
      {
        file: 'src/history/knex-lock.ts',
        find: 'set is_locked = 0 where is_locked = ${number}`',
        replace: 'set is_locked = 0 where is_locked >= ${Math.min(number, LEAST_RUN_NUMBER)}`',
      },
    ],
  },
  {
    name: 'announcement',
    at: 68,
    guards: 'That a change outside a transaction has begun is known before its first statement.',
    behind: 'the notes on its statements',
    edits: [
      {
        file: OUTSIDE,
        find: "knex.on('query', listener);",
        replace: "if (migration.name === '') knex.on('query', listener);",
      },
      {
        file: OUTSIDE,
        find: 'await announce(run, migration);',
        replace: "if (migration.name === '') await announce(run, migration);",
      },
    ],
  },
  {
    name: 'unfinished-refused',
    at: 20,
    guards: 'A change of which the end is not known is not run again before a person has looked.',
    edits: [
      {
        file: CARRY_OUT,
        find: 'if (unfinished) {',
        replace: "if (unfinished?.name === '') {",
      },
    ],
  },
  {
    name: 'plan-pinned',
    at: 89,
    guards: 'What was planned is what `down` reverts, and not what another run has left on top.',
    edits: [
      {
        file: CARRY_OUT,
        find: 'if (places.every(',
        replace: 'if (places.length > 0 || places.every(',
      },
    ],
  },
  {
    name: 'connection-ended',
    at: 115,
    guards: 'What the code of a failed change still sends does not reach the database.',
    edits: [
      {
        file: CHANGE,
        find: 'await run.transactions.discard(transaction);',
        replace:
          "await transaction.query('rollback').catch(() => undefined);\n    await run.connections.release(transaction.connection);",
      },
    ],
  },
  {
    name: 'connections-severed',
    at: 18,
    guards:
      'What the code of a failed change outside a transaction still sends does not reach the database.',
    edits: [
      {
        file: OUTSIDE,
        find: 'run.connections.sever();',
        replace: "if (migration.name === '') run.connections.sever();",
      },
    ],
  },
  {
    name: 'sessions-ended',
    at: 2,
    guards:
      'What a failed change outside a transaction has sent before is not carried out after its failure is told.',
    edits: [
      {
        file: OUTSIDE,
        find: 'const isOver = await run.control.endSessions(keep, isAnswered);',
        replace:
          "const isOver = migration.name !== '' || (await run.control.endSessions(keep, isAnswered));",
      },
    ],
  },
  {
    name: 'settings-as-new',
    at: 4,
    guards: 'What a migration sets for its session is not for the next one.',
    behind: 'the reset that a change begins with',
    edits: [
      {
        file: TRANSACTIONS,
        find: 'return before === undefined || before === seen.settings;',
        replace: 'return before !== null;',
      },
      RESET,
    ],
  },
  {
    name: 'renewed-before',
    at: 22,
    guards:
      'A change outside a transaction has connections that no migration before it has set anything on.',
    edits: [
      {
        file: OUTSIDE,
        find: 'run.connections.renew();\n    await announce(run, migration);',
        replace: 'await announce(run, migration);',
      },
    ],
  },
  {
    name: 'renewed-after',
    at: 44,
    guards: 'What a change outside a transaction sets for its session is not for the next one.',
    behind: 'the reset that a change begins with',
    edits: [
      RESET,
      {
        file: OUTSIDE,
        find: 'run.connections.renew();\n    const confirmation',
        replace: 'const confirmation',
      },
    ],
  },
  {
    name: 'own-rollback',
    at: 11,
    guards: 'A migration that rolls its own transaction back is not recorded.',
    behind: "the watch on the server's answers",
    edits: [
      {
        file: CHANGE,
        find: "if (ownEnd === 'rolled back') throw rolledBackItself();",
        replace: '',
      },
      SAME_TRANSACTION,
    ],
  },
  {
    name: 'outcome-asked-for',
    at: 87,
    guards: 'A commit whose answer was lost is told as done, because the journal is asked.',
    edits: [
      {
        file: CHANGE,
        find: 'const found = await findOutcome(control, { tables, runId, name, direction, seen });',
        replace:
          "const found = name === '' ? await findOutcome(control, { tables, runId, name, direction, seen }) : ('rolled back' as const);",
      },
    ],
  },
  {
    name: 'confirmation',
    at: 47,
    guards: "A change is told as done only with the server's answer to its commit.",
    behind: 'a record that fails with its transaction',
    edits: [
      {
        file: 'src/transaction/confirmation.ts',
        find: "if (answer.some(({ command }) => command === 'COMMIT')) return new Confirmation();",
        replace: 'if (answer.length >= 0) return new Confirmation();',
      },
      {
        file: TRANSACTIONS,
        find: 'const committed = watch.committed();',
        replace: 'const committed = watch.committed() ?? Confirmation.ofAnswer([]);',
      },
    ],
  },
  {
    name: 'recorded-with-the-change',
    at: 9,
    guards: 'Change and record are committed together.',
    edits: [
      {
        file: CHANGE,
        find: 'return run.transactions.commit(current, statements, openingFor(run, next));',
        replace:
          "const confirmation = await run.transactions.commit(current, '', null);\n    await run.control.use((client) => client.query(statements));\n    return confirmation;",
      },
    ],
  },
  {
    name: 'end-unknown',
    at: 27,
    guards:
      'A change outside a transaction that is done, and could not be recorded, is not told as failed.',
    edits: [
      {
        file: OUTSIDE,
        find: "state: ran || !isOver ? 'unknown' : 'left behind'",
        replace: "state: (ran || !isOver) && migration.name === '' ? 'unknown' : 'left behind'",
      },
    ],
  },
  {
    name: 'whole-retries-only',
    at: 6,
    guards: 'A change of which a part is committed is not tried again.',
    edits: [
      {
        file: 'src/run/retries.ts',
        find: "ended.state === 'rolled back' ?",
        replace: "ended.state !== 'committed' && ended.state !== 'not needed' ?",
      },
    ],
  },
  {
    name: 'control-connection',
    at: 1,
    guards:
      "History, journal and Knex's lock are written beside the transaction that holds the lock.",
    edits: [
      {
        file: CARRY_OUT,
        find: 'new ControlConnection(() => session.connect(), applicationName, patience)',
        replace:
          'new ControlConnection(() => Promise.resolve(session.client), applicationName, patience)',
      },
    ],
  },
  {
    name: 'pipeline-owner-check',
    at: 246,
    guards: 'In a pipeline, a run that another has taken over stops at its next change.',
    edits: [{ file: OPENING, find: '`"lockedBy" = ${Number(lockNumber)}`', replace: "'true'" }],
  },
  {
    name: 'resolve-fenced',
    at: 3,
    guards: 'Nobody records the end of a change that is under way.',
    edits: [
      {
        file: 'src/maintain/under-lock.ts',
        find: 'await client.query(fence(tables)).catch(refuseWhileFenced);',
        replace: 'if (lockTimeout < 0) await client.query(fence(tables)).catch(refuseWhileFenced);',
      },
    ],
  },
];
