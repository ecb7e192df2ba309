/**
 * Takes over real public projects: tests/real/projects.json says which, docs/real-projects.md what for.
 *
 *   node scripts/projects.mjs --commands --from FOLDER   print the git commands that fill FOLDER
 *   node scripts/projects.mjs --from FOLDER              all of them; --only NAME for one (repeatable)
 *   node scripts/projects.mjs --from FOLDER --write      write the results into docs/real-projects.md too
 *
 * Needs a build (npm run build), and no network but for the few packages that migrations require.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gitCommands } from './projects/checkout.mjs';
import { startServer } from './projects/database.mjs';
import { writeResults } from './projects/page.mjs';
import { storyOf, storyTogether } from './projects/story.mjs';
import { REPOSITORY } from './smoke/install.mjs';

const USAGE = `Usage: node scripts/projects.mjs --from FOLDER [options]

Takes over the real public projects of tests/real/projects.json. Needs a build (npm run build).

  --from FOLDER  where the projects are checked out
  --commands     print the git commands that fill FOLDER, and end
  --only NAME    this project only; may be given more than once
  --write        write the results into docs/real-projects.md; not with --only
  --verbose      show each command and its output
  --help         show this text`;

const { values } = argumentsOrUsage({
  options: {
    help: { type: 'boolean', short: 'h' },
    from: { type: 'string' },
    only: { type: 'string', multiple: true },
    commands: { type: 'boolean' },
    write: { type: 'boolean' },
    verbose: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
if (values.from === undefined) {
  console.error(
    'Say where the projects are: --from FOLDER. Fill it with the commands that --commands prints.',
  );
  process.exit(2);
}
const { projects, together } = JSON.parse(
  readFileSync(join(REPOSITORY, 'tests/real/projects.json'), 'utf8'),
);
const unknown = (values.only ?? []).filter(
  (name) => ![...projects, ...together].some((one) => one.name === name),
);
if (unknown.length > 0) {
  console.error(`Not in tests/real/projects.json: ${unknown.join(', ')}`);
  process.exit(2);
}
if (values.write && values.only !== undefined) {
  console.error('--write is for all projects: leave --only out.');
  process.exit(2);
}
if (values.commands) {
  console.log(gitCommands(projects, values.from));
  process.exit(0);
}

const isChosen = ({ name }) => values.only?.includes(name) ?? true;
const needed = new Set(together.filter(isChosen).flatMap((group) => group.projects));
const missing = projects
  .filter((project) => isChosen(project) || needed.has(project.name))
  .filter(({ name }) => !existsSync(join(values.from, name)));
if (missing.length > 0) {
  console.error(
    `Not checked out in ${values.from}. Run these commands:\n${gitCommands(missing, values.from)}`,
  );
  process.exit(2);
}
const server = await startServer();
const results = [];
try {
  for (const project of projects.filter(isChosen)) tell(await storyOf(project, server, values));
  for (const group of together.filter(isChosen)) {
    tell(await storyTogether(group, projects, server, values));
  }
} finally {
  await server.stop();
}
const bad = results.filter(({ isGood }) => !isGood);
console.log(`\n${results.length - bad.length} of ${results.length} are as they should be.`);
if (values.write) await writeResults([...projects, ...together], results, server.version);
process.exitCode = bad.length === 0 ? 0 : 1;

function argumentsOrUsage(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function tell(result) {
  results.push(result);
  console.log(`${result.isGood ? 'ok  ' : 'FAIL'} ${result.name}: ${result.text}`);
}
