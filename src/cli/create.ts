import { calledFrom } from '../command-line.js';
import { relative } from 'node:path';
import { type Command, Option } from 'commander';
import { resolveProject } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';
import {
  type CommonOptions,
  configRequestOf,
  outputOf,
  scopeOption,
  withCommonOptions,
} from './options.js';

const LANGUAGES = ['ts', 'js', 'mjs', 'cjs', 'sql'] as const;

type CreateOptions = CommonOptions & {
  ts?: boolean;
  js?: boolean;
  sql?: boolean;
  x?: (typeof LANGUAGES)[number];
};

export function addCreateCommand(program: Command): void {
  withCommonOptions(
    program
      .command('create')
      .argument('<name>', 'what the change does, such as add_email_to_users')
      .description('create a new migration with an up and a down')
      .addOption(scopeOption())
      .option('--ts', 'in TypeScript')
      .option('--js', 'in JavaScript')
      .option('--sql', 'as a pair of SQL files')
      .addOption(new Option('-x <extension>', 'the language, as in Knex').choices(LANGUAGES)),
    false,
  )
    .addHelpText(
      'after',
      `
The language is the knexfile's migrations.extension, else that of the folder's newest Knex migration,
else TypeScript where there is a tsconfig.json, else JavaScript. migrations.stub is the template.
An existing file is never overwritten.

Beside SQL files, a small module of their name is written, by which Knex's own command line finds
them: not where the knexfile has knexward's migrationSource, or in a scope.`,
    )
    .action(async (title: string, options: CreateOptions) => {
      const output = await outputOf(options);
      const languages = [
        ...(['ts', 'js', 'sql'] as const).filter((language) => options[language]),
        ...(options.x === undefined ? [] : [options.x]),
      ];
      if (languages.length > 1) throw oneLanguageOnly();
      const config = await resolveProject(configRequestOf(options));
      const { createMigration } = await import('../files/create.js');
      const paths = await createMigration(config, { title, language: languages[0] });
      output.result({ created: paths }, () =>
        paths.map((path) => `Created Migration: ${relative(calledFrom(), path)}\n`).join(''),
      );
    });
}

function oneLanguageOnly(): KnexwardError {
  return new KnexwardError('USAGE', {
    message: '--ts, --js, --sql and -x each choose the language; only one of them can be given.',
    fix: 'Leave out the others.',
  });
}
