import { OPTIONS } from './options.js';

const USAGE = `Usage: db-migrate [up|down|check|reset|sync|create|db|seed] [[scope/]migrationName|all] [options]

Runs on Knex (knexward-db-migrate): the history is in knex_migrations.

Options:
`;

const COLUMN = 40;

/** What `db-migrate --help` shows. */
export function helpText(): string {
  const lines = OPTIONS.map(({ name, aliases, type, text }) => {
    const names = [...aliases, name].map((word) => (word.length > 1 ? `--${word}` : `-${word}`));
    return `  ${names.join(', ').padEnd(COLUMN)} ${text} [${type}]`;
  });
  return `${USAGE}${lines.join('\n')}\n`;
}
