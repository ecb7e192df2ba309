import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { type ProjectConfig } from '../config/resolve.js';
import { KnexwardError } from '../errors.js';

interface KnexTemplates {
  jsFileTemplate(
    path: string,
    options: { variable: string },
  ): Promise<(variables: object) => string>;
}

/**
 * The content of a new migration by a template: that of the knexfile (`migrations.stub`), or one of
 * Knex's own. `null` where there is neither.
 *
 * @throws KnexwardError `USAGE` where the template is not there, or is broken
 */
export async function fromStub(
  { knex, workingDirectory }: ProjectConfig,
  knexStub: string | null,
): Promise<string | null> {
  const { stub, variables } = (knex.migrations ?? {}) as { stub?: string; variables?: object };
  const folder = dirname(createRequire(__filename).resolve('knex/package.json'));
  const path =
    stub !== undefined
      ? resolve(workingDirectory, stub)
      : knexStub === null
        ? null
        : join(folder, 'lib/migrations/migrate/stub', `${knexStub}.stub`);
  if (path === null) return null;
  if (!existsSync(path)) throw unusable(path, 'is not there');
  try {
    const templates = (await import(
      join(folder, 'lib/migrations/util/template.js')
    )) as KnexTemplates;
    return (await templates.jsFileTemplate(path, { variable: 'd' }))(variables ?? {});
  } catch (error) {
    throw unusable(path, `cannot be used: ${String(error)}`, error);
  }
}

function unusable(path: string, reason: string, cause?: unknown): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `The template ${path} of the knexfile (migrations.stub, migrations.extension) ${reason}.`,
    fix: 'Correct the knexfile, or the template. A relative path starts where Knex would work: in the folder of a knexfile that --knexfile names, else in the working directory.',
    cause,
  });
}
