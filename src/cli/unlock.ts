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
      .description("release Knex's migration lock after a killed knex migrate")
      .addOption(scopeOption())
      .option('-y, --yes', 'do not ask'),
  )
    .addHelpText(
      'after',
      `
First shows the sessions in the database: one of them may be a knex migrate that is still running.
knexward's own lock never needs this. It ends with its connection.`,
    )
    .action(async (options: CommonOptions & { yes?: boolean }) => {
      const output = await outputOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      const { unlock } = await import('../maintain/unlock.js');
      const evidence = await unlock(
        config,
        async (found) => {
          output.line(renderEvidence(found));
          await output.confirm('Release the lock?', options.yes ?? false, null);
        },
        output.runId,
      );
      const { lock, sessions } = evidence;
      output.result({ unlocked: lock !== 'free', lock, sessions }, () =>
        lock === 'free' ? 'The lock is not held; nothing to do.\n' : 'Released the lock.\n',
      );
    });
}

function renderEvidence({ lock, table, sessions }: LockEvidence): string {
  const owner = lock === 'knexward' ? 'a killed knexward' : 'Knex, or a tool that uses its lock';
  return [
    `${table} is held by ${owner}. Sessions in the database now:`,
    ...sessions.map(
      ({ pid, role, application, state, since, query }) =>
        `  pid ${pid}, ${role}, ${application || 'no name'}, ${state}, since ${since}: ${query}`,
    ),
    ...(sessions.length === 0 ? ['  nobody else'] : []),
  ].join('\n');
}
