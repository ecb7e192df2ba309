import { type Command } from 'commander';
import { commandLine } from '../command-line.js';
import { resolveConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import { type Rename } from '../maintain/rename.js';
import { type Resolution } from '../maintain/resolve.js';
import {
  type CommonOptions,
  configRequestOf,
  outputOf,
  scopeOption,
  withCommonOptions,
} from './options.js';

type ResolveOptions = CommonOptions & {
  applied?: boolean;
  reverted?: boolean;
  acceptChecksum?: boolean;
  renamedTo?: string;
};

export function addResolveCommand(program: Command): void {
  withCommonOptions(
    program
      .command('resolve')
      .argument('<name>', 'the migration')
      .description(
        'record the outcome of an interrupted migration, or accept an edited or renamed file',
      )
      .addOption(scopeOption())
      .option('--applied', 'mark it as applied: add its history row')
      .option('--reverted', 'mark it as not applied: remove its history row')
      .option('--accept-checksum', 'accept its file as it is now, edited after it was applied')
      .option(
        '--renamed-to <name>',
        'record the new name of a file that was renamed after it was applied',
      ),
  )
    .addHelpText(
      'after',
      `
resolve does not touch the schema. First check what the migration did, and finish or undo it by hand.
You can also record a change that you made by hand. If the history is like that already, nothing is
changed, and the exit code is 0.

--renamed-to changes the name in Knex's own table, so that the Knex command line finds the file too.

Examples:
  $ knexward resolve 20260101120000_index --applied           the index is there, and valid
  $ knexward resolve 20260101120000_index --reverted          it is not: the next up runs it
  $ knexward resolve 20250101120000_old --accept-checksum     only a comment was edited
  $ knexward resolve 20260101120000_old --renamed-to 20260102120000_new`,
    )
    .action(async (wanted: string, options: ResolveOptions) => {
      const output = await outputOf(options);
      const verdict = verdictOf(options);
      const config = output.uses(await resolveConfig(configRequestOf(options)));
      if (verdict === 'checksum') {
        const { acceptChecksum } = await import('../maintain/accept-checksum.js');
        const resolved = await acceptChecksum(config, wanted, output.runId);
        output.result({ resolved }, () => render(resolved, SAID.checksum));
        return;
      }
      if (verdict === 'renamed') {
        const { renameMigration } = await import('../maintain/rename.js');
        const names = { from: wanted, to: options.renamedTo ?? '' };
        const resolved = await renameMigration(config, names, output.runId);
        output.result({ resolved }, () => renderRename(resolved));
        return;
      }
      const { resolveMigration } = await import('../maintain/resolve.js');
      const resolved = await resolveMigration(config, wanted, verdict, output.runId);
      output.result({ resolved }, () => render(resolved, SAID[verdict]));
    });
}

/** What is told where it was recorded now, and where it was before. */
const SAID = {
  applied: ['Recorded as applied', 'already recorded as applied'],
  reverted: ['Recorded as reverted', 'already recorded as not applied'],
  checksum: ['Accepted as it is now', 'already accepted as it is now'],
} as const;

function render({ name, changed }: Resolution<unknown>, [now, before]: readonly string[]): string {
  return changed ? `${now}: ${name}\n` : `${name} is ${before}; nothing was changed.\n`;
}

function renderRename({ from, name, changed }: Rename): string {
  return changed
    ? `Recorded as renamed: ${from} → ${name}\n`
    : `${from} is already recorded as renamed to ${name}; nothing was changed.\n`;
}

function verdictOf(options: ResolveOptions): 'applied' | 'reverted' | 'checksum' | 'renamed' {
  const { applied, reverted, acceptChecksum, renamedTo } = options;
  const given = [
    ...(applied ? (['applied'] as const) : []),
    ...(reverted ? (['reverted'] as const) : []),
    ...(acceptChecksum ? (['checksum'] as const) : []),
    ...(renamedTo !== undefined ? (['renamed'] as const) : []),
  ];
  const [verdict] = given;
  if (verdict !== undefined && given.length === 1) return verdict;
  throw new KnexwardError('USAGE', {
    message: 'Give one of --applied, --reverted, --accept-checksum and --renamed-to.',
    fix: `Give exactly one; "${commandLine('resolve', '--help')}" says when to use which.`,
  });
}
