import { version } from '../../version.js';
import { type CallContext, replaceCalls } from './in-shell.js';
import { type Import } from './in-code.js';
import { type Span } from './mentions.js';

/** The line of package.json that lets a program that loads db-migrate go on unchanged. */
const ALIAS = `"db-migrate": "npm:knexward-db-migrate@^${version}"`;

/** What to write instead of a call that is left as it is; best effort, for a person to judge. */
export function adviceForCall(
  text: string,
  call: Span,
  context: CallContext,
  isOutside = false,
): string {
  const found = text.slice(call.start, call.end);
  // The & of 2>&1 ends no command.
  const line = /^(?:>&|[^\n;&|)\]#`])*/.exec(text.slice(call.end))?.[0] ?? '';
  // The next key of a JSON object on one line is no argument.
  const rest = line.split(/"\s*,\s*"[^"]*"\s*:/)[0] ?? '';
  if (found.includes('\n') || rest.trimEnd().endsWith('\\')) {
    return 'write the same with knexward, which takes --env, --count and --dry-run too';
  }
  const words = `${found}${rest}`.replace(/["',[\]{}]+/g, ' ').trim();
  const replacement = replaceCalls(words, context, {
    start: context.projectFolder,
    stopsAtFailure: false,
  });
  if ('reason' in replacement) return replacement.reason;
  const where = isOutside ? `, to run in ${context.projectFolder}` : '';
  return `write${where}: ${replacement.edits.map(({ to }) => to).join(' ')}`;
}

/** What to do about a program that loads one of db-migrate's packages. */
export function adviceForImport({ module }: Import): string {
  switch (module) {
    case 'db-migrate':
      return `put ${ALIAS} into package.json and it runs on Knex unchanged, or call knexward: import { createMigrator } from 'knexward'`;
    case 'db-migrate-pg':
      return 'use pg, which it was a wrapper of, or Knex; it goes away with db-migrate';
    default:
      return 'it goes away with db-migrate: write what it is used for without it';
  }
}
