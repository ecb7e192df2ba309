// Writes docs/errors/README.md, the index of the pages, from the tables in src (as they are built).
// With --check it writes nothing, and fails where the index is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { format, resolveConfig } from 'prettier';

const require = createRequire(import.meta.url);
const { CODES } = require('../dist/errors.js');
const { SQLSTATES } = require('../dist/sqlstates.js');
const PATH = new URL('../docs/errors/README.md', import.meta.url);

const marked = (mark) => Object.entries(CODES).filter(([, entry]) => mark in entry);
const row = (...cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(...head), row(...head.map(() => '-')), ...rows].join('\n');
const pages = (mark) =>
  table(
    ['code', 'means'],
    marked(mark).map(([code, { summary }]) => row(`[${code}](${code}.md)`, summary)),
  );

const text = `# Errors, problems and warnings

Every message names its page. \`npm run docs:errors\` writes this index from \`src/errors.ts\` and \`src/sqlstates.ts\`.

## Errors

These end a command. They are sorted by exit code.

${table(
  ['exit', 'code', 'means'],
  marked('exit')
    .sort(([, a], [, b]) => a.exit - b.exit)
    .map(([code, { exit, summary }]) => row(exit, `[${code}](${code}.md)`, summary)),
)}

## Problems that \`status\` reports

${pages('status')}

## Warnings of \`adopt\`

${pages('adopt')}

## Warnings of a run

${pages('run')}

## PostgreSQL's error codes

PostgreSQL reports one of these when a migration fails. Each page also lists less common causes.

${table(
  ['SQLSTATE', 'name', 'usual cause'],
  Object.entries(SQLSTATES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { condition, cause }]) =>
      row(`[${code}](sqlstate-${code}.md)`, condition, cause.replaceAll('|', '\\|')),
    ),
)}
`;

const index = await format(text, { ...(await resolveConfig(PATH)), parser: 'markdown' });
if (!process.argv.includes('--check')) {
  writeFileSync(PATH, index);
} else if (readFileSync(PATH, 'utf8') !== index) {
  console.error('docs/errors/README.md is stale: npm run docs:errors');
  process.exitCode = 1;
}
