// Whether a tag may be released: `node scripts/release-check.mjs v0.1.0`. With --notes it prints the
// tag's part of CHANGELOG.md.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { notesOf, problemsOf } from './release/check.mjs';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path) => readFileSync(join(repository, path), 'utf8');
const { values, positionals } = parseArgs({
  options: { notes: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [tag = ''] = positionals;
const changelog = read('CHANGELOG.md');

if (values.notes) console.log(notesOf(tag.replace(/^v/, ''), changelog));
else {
  const packages = ['package.json', 'compat/db-migrate/package.json'].map((path) =>
    JSON.parse(read(path)),
  );
  const problems = problemsOf(tag, ...packages, changelog);
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`${tag} may be released.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
