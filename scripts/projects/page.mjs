// The results as the table of docs/real-projects.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { REPOSITORY } from '../smoke/install.mjs';

const PAGE = join(REPOSITORY, 'docs/real-projects.md');
const BEGIN = '<!-- results -->';
const END = '<!-- end of results -->';

/** Puts a table of all results between the page's two marks. */
export async function writeResults(entries, results, version) {
  const resultOf = ({ name }) => results.find((result) => result.name === name);
  const rows = entries.map((entry) => `| ${rowOf(entry, resultOf(entry)).join(' | ')} |`);
  const table = [
    `On PostgreSQL ${version} and Node.js ${process.versions.node}:`,
    '',
    '| project | commit | migrations | what is special | result |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
  const page = readFileSync(PAGE, 'utf8');
  const before = page.slice(0, page.indexOf(BEGIN) + BEGIN.length);
  const text = `${before}\n\n${table}\n\n${page.slice(page.indexOf(END))}`;
  writeFileSync(PAGE, await format(text, { ...(await resolveConfig(PAGE)), filepath: PAGE }));
}

function rowOf({ name, repository, commit, folder, count, special, projects }, result) {
  const outcome = result.isGood ? result.text.replace(/^\d+ migrations; /, '') : 'fails';
  if (repository === undefined) {
    return [name, '', result.text.split(' ')[0], `${special}: ${projects.join(', ')}`, 'the same'];
  }
  const inside = folder === '.' ? '' : `, \`${folder}\``;
  const path = new URL(repository).pathname.slice(1);
  return [`[${path}](${repository})${inside}`, commit.slice(0, 10), count, special, outcome];
}
