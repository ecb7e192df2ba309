import { type Command } from 'commander';
import { endWith } from './exit.js';
import { resolveConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type CommonOptions, configRequestOf, outputOf, withCommonOptions } from './options.js';

/** The check found that the database and the files differ. */
const CHECK_FOUND = 6;

type SnapshotCommandOptions = CommonOptions & { check?: boolean; ignoreColumnOrder?: boolean };

export function addSnapshotCommand(program: Command): void {
  withCommonOptions(
    program
      .command('snapshot')
      .argument('[file]', 'the file to write or to check', 'schema.snapshot.json')
      .description('write the schema as a file to review, and as SQL that creates it')
      .option('--check', 'write nothing; exit with code 6 if the database differs from the file')
      .option('--ignore-column-order', 'with --check: ignore the order of columns'),
  )
    .addHelpText(
      'after',
      `
Writes two files: <file>.json describes every object, sorted, and is the same byte for byte for equal
schemas; <file>.sql is plain SQL that creates the schema in an empty database. Commit both: a review then
shows what a migration really did, and --check in a pipeline finds changes made outside of migrations.

It only reads, and any role that may connect is enough. Data, owners, tablespaces and the tables of the
migration history are left out.

Examples:
  $ knexward snapshot
  $ knexward snapshot db/schema.json          writes db/schema.json and db/schema.sql
  $ knexward snapshot --check -e production || echo "not as committed"
  $ knexward snapshot --check --json | jq -r '.differences[] | .kind + " " + .object'
  $ psql empty_database -v ON_ERROR_STOP=1 -f schema.snapshot.sql`,
    )
    .action(async (file: string, options: SnapshotCommandOptions) => {
      if (options.ignoreColumnOrder && !options.check) throw nothingToCompare();
      const output = await outputOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      const { checkSnapshot, takeSnapshot } = await import('../snapshot/snapshot.js');
      const { renderSnapshotCheck, renderSnapshotTaken } =
        await import('../report/snapshot-text.js');
      const request = {
        file,
        onEmbedded: (folder: string) =>
          output.note('info', `Using the embedded PostgreSQL in ${folder}`),
        onReading: () => output.note('info', 'Reading the schema …'),
      };
      if (!options.check) {
        const snapshot = await takeSnapshot(config, request);
        output.result({ ...snapshot }, () => renderSnapshotTaken(snapshot, output.colors));
        return;
      }
      const { ignoreColumnOrder = false } = options;
      const check = await checkSnapshot(config, { ...request, ignoreColumnOrder });
      output.result({ ...check }, () => renderSnapshotCheck(check, output.colors));
      const { findingsOfDifferences } = await import('../report/finding.js');
      output.point(findingsOfDifferences(check.differences));
      if (!check.inSync) endWith(CHECK_FOUND);
    });
}

function nothingToCompare(): KnexwardError {
  return new KnexwardError('USAGE', {
    message: '--ignore-column-order is for --check: a snapshot has every column in its place.',
    fix: 'Leave it out, or give --check.',
  });
}
