import { type Command } from 'commander';
import { resolveConfig } from '../config/resolve.js';
import { type LockEvidence } from '../maintain/unlock.js';
import {
  type CommonOptions,
  configRequestOf,
  outputOf,
  scopeOption,
  withCommonOptions,
} from './options.js';

export function addUnlockCommand(program: Command): void {
  withCommonOptions(
    program
      .command('unlock')
      .description("free Knex's lock after a knex migrate command was killed")
      .addOption(scopeOption())
      .option('-y, --yes', 'do not ask'),
  )
    .addHelpText(
      'after',
      `
Shows who is connected to the database first: one of them may be a knex migrate that is at work.
knexward's own lock never needs this. It goes away with its connection.`,
    )
    .action(async (options: CommonOptions & { yes?: boolean }) => {
      const output = await outputOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      const { unlock } = await import('../maintain/unlock.js');
      const evidence = await unlock(
        config,
        async (found) => {
          output.line(renderEvidence(found));
          await output.confirm('Free the lock?', options.yes ?? false, null);
        },
        output.runId,
      );
      const { lock, sessions } = evidence;
      output.result({ unlocked: lock !== 'free', lock, sessions }, () =>
        lock === 'free' ? 'The lock is free; nothing to do.\n' : 'The lock is free again.\n',
      );
    });
}

function renderEvidence({ lock, table, sessions }: LockEvidence): string {
  const owner =
    lock === 'knexward' ? 'a knexward that was killed' : "Knex, or something in Knex's way";
  return [
    `${table} is taken by ${owner}. Connected to the database now:`,
    ...sessions.map(
      ({ pid, role, application, state, since, query }) =>
        `  pid ${pid}, ${role}, ${application || 'no name'}, ${state}, since ${since}: ${query}`,
    ),
    ...(sessions.length === 0 ? ['  nobody else'] : []),
  ].join('\n');
}
