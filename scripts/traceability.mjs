// Writes specs/014-knex-migration/traceability.md: each requirement of spec.md, and the tests that name it.
// With --check it writes nothing, and fails where the page is stale. It always fails where the titles do not
// go with the specification: what is built has no test, what is planned has one, a name refers to nothing.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { complaintsAbout } from './traceability/names.mjs';
import { renderPage } from './traceability/page.mjs';
import { parseSpec } from './traceability/spec.mjs';
import { aliasesIn, titlesIn } from './traceability/titles.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = 'specs/014-knex-migration';
const PAGE = `${FOLDER}/traceability.md`;
const TESTS = ['tests', 'backend/tests'];

const read = (path) => readFileSync(join(ROOT, path), 'utf8');

const sources = TESTS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\.(ts|mjs)$/.test(path) && !path.startsWith('tests/fixtures/'))
    .sort()
    .map((file) => ({ file, source: read(file) })),
);
const aliases = sources.flatMap(({ file, source }) => aliasesIn(file, source));
const tests = sources.flatMap(({ file, source }) =>
  titlesIn(file, source, aliases).map((title) => ({ file, title })),
);
const requirements = parseSpec(read(`${FOLDER}/spec.md`));
const complaints = complaintsAbout(requirements, tests);

const style = { ...(await resolveConfig(join(ROOT, PAGE))), parser: 'markdown' };
const page = await format(renderPage(requirements, tests, '../../'), style);
if (!process.argv.includes('--check')) {
  writeFileSync(join(ROOT, PAGE), page);
} else if (!existsSync(join(ROOT, PAGE)) || read(PAGE) !== page) {
  complaints.push(`${PAGE} is stale: npm run docs:traceability`);
}
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exitCode = 1;
