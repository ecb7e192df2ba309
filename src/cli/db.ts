import { resolve } from 'node:path';
import { type Command } from 'commander';
import { resolveProject } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';

type DbOptions = CommonOptions & { stop?: boolean };

export function addDbCommand(program: Command): void {
  withCommonOptions(
    program
      .command('db')
      .description('keep the embedded PostgreSQL running for an application, and print its URL')
      .option('--stop', 'stop it'),
    false,
  )
    .addHelpText(
      'after',
      `
Where nothing names a database, up starts a server that stops when the command ends. This command keeps
that server running in its own process until --stop, and up, status and the library use it meanwhile. It
listens on 127.0.0.1 only. Its data and its password are in .knexward. The URL includes the password and
stays the same from start to start, unless another program takes the port.

For development only: it refuses to run in production.

Examples:
  $ knexward db
  $ knexward db --json | jq -r .url
  $ knexward db --stop`,
    )
    .action(async (options: DbOptions) => {
      const output = await outputOf(options);
      const { projectRoot, settings, production } = await resolveProject(configRequestOf(options));
      if (production || settings.embedded === false) throw notHere(production);
      const named = typeof settings.embedded === 'string' ? settings.embedded : '.knexward';
      const folder = resolve(projectRoot, named);
      const { startEmbedded, stopKept } = await import('../embedded/index.js');
      if (options.stop) {
        const outcome = await stopKept(folder);
        output.result({ running: outcome === 'in use', folder, outcome }, () => STOPPED[outcome]);
        return;
      }
      const server = await startEmbedded({ folder, keep: true });
      await server.stop();
      const { url, pid, version, dataFolder, wasKept } = server;
      output.result(
        {
          running: true,
          alreadyRunning: wasKept,
          url,
          pid,
          serverVersion: version,
          folder,
          dataFolder,
        },
        () =>
          `The embedded PostgreSQL ${version} ${wasKept ? 'is already running' : 'is running'}.\n` +
          `Data: ${dataFolder}\nFor your application, as a line of .env:\nDATABASE_URL=${url}\n`,
      );
    });
}

const STOPPED = {
  stopped: 'The embedded PostgreSQL has stopped.\n',
  'in use': 'Another command is using the embedded PostgreSQL. It stops when that command ends.\n',
  'not running': 'The embedded PostgreSQL is not running.\n',
};

function notHere(production: boolean): KnexwardError {
  return new KnexwardError('USAGE', {
    message: production
      ? 'The embedded PostgreSQL is for development, and this environment is production.'
      : 'The knexfile turns the embedded PostgreSQL off (knexward.embedded is false).',
    fix: production
      ? 'Choose another environment with --env.'
      : 'Remove knexward.embedded from it.',
  });
}
