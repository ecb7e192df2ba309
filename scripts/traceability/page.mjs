// The page: each requirement, its status, and the tests that name it. Pure; the caller formats it.
import { testsOf } from './names.mjs';
import { kindOf, KINDS } from './spec.mjs';

/** Beyond that, a page is no longer read. */
const LISTED = 8;

/**
 * @param {readonly import('./spec.mjs').Requirement[]} requirements
 * @param {readonly import('./names.mjs').Test[]} tests
 * @param {string} toRoot the way from the page's folder to the repository's
 */
export function renderPage(requirements, tests, toRoot) {
  const sections = Object.entries(KINDS).map(([kind, heading]) =>
    [
      `## ${heading}`,
      ...requirements
        .filter(({ id }) => kindOf(id) === kind)
        .map((each) => renderRequirement(each, testsOf(each.id, tests), toRoot)),
    ].join('\n\n'),
  );
  return `# Traceability

Each line of [the specification](spec.md), and the tests whose titles name it. Made by \`npm run docs:traceability\`.

${sections.join('\n\n')}
`;
}

function renderRequirement({ id, text, status, missing }, tests, toRoot) {
  const listed = tests.slice(0, LISTED);
  const rest = tests.slice(LISTED);
  const files = [...new Set(listed.map(({ file }) => file))];
  const items = files.map((file) => {
    const titles = listed.filter((test) => test.file === file).map(({ title }) => escape(title));
    const link = `- [${escape(file)}](${toRoot}${file}):`;
    return titles.length === 1
      ? `${link} ${titles[0]}`
      : [link, ...titles.map((title) => `  - ${title}`)].join('\n');
  });
  if (rest.length > 0) {
    const count = new Set(rest.map(({ file }) => file)).size;
    items.push(`- and ${rest.length} more in ${count} ${count === 1 ? 'file' : 'files'}`);
  }
  const state = status === 'partly' ? `partly built: ${missing}` : status;
  const parts = [`### ${id}`, text, `Status: ${state}.`, items.join('\n')];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Plain text as Markdown. */
function escape(text) {
  return text.replaceAll(/[\\`*_<[\]]/g, '\\$&');
}
