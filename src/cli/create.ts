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
The language is migrations.extension in the knexfile, or else that of the newest Knex migration in the
folder, or else TypeScript if there is a tsconfig.json, or else JavaScript. The template is migrations.stub.
An existing file is never overwritten.

With SQL files, a small module of the same name is written, so that the Knex command line finds them.
It is not written if the knexfile uses knexward's migrationSource, nor in a scope.`,
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
    message: '--ts, --js, --sql and -x each choose the language; give only one of them.',
    fix: 'Leave out the others.',
  });
}
