// Which tests name which requirements, and whether that goes with the specification: pure.

/**
 * @typedef {import('./spec.mjs').Requirement} Requirement
 * @typedef {{ file: string, title: string }} Test
 */

/** Wide enough for misspelt ids, such as `FR_006`, `fr-006` and `SC-OO7`, so that they are noticed. */
const ID = /\b(?:US|FR|SC|EC)[-_–]?[\dO]+\w*|\b(?:FR|SC|EC) [\dO]+\w*|\b(?:fr|sc|ec)[-_]\d+\w*/g;

/** @returns {string[]} what a title names, in its order, once each, whether there is such a thing or not */
export function idsIn(title) {
  return [...new Set(title.match(ID))];
}

/**
 * @param {string} id
 * @param {readonly Test[]} tests
 */
export function testsOf(id, tests) {
  return tests.filter(({ title }) => idsIn(title).includes(id));
}

/**
 * @param {readonly Requirement[]} requirements
 * @param {readonly Test[]} tests
 * @returns {string[]} what is wrong, a line each
 */
export function complaintsAbout(requirements, tests) {
  const known = requirements.map(({ id }) => id);
  return [
    ...requirements
      .filter(({ id, status }) => status !== 'planned' && testsOf(id, tests).length === 0)
      .map(({ id, status }) => `${id} has the status ${status}, but no test names it`),
    ...requirements
      .filter(({ status }) => status === 'planned')
      .flatMap(({ id }) =>
        testsOf(id, tests).map(({ file }) => `${id} has the status planned, but ${file} names it`),
      ),
    ...tests.flatMap(({ file, title }) =>
      idsIn(title)
        .filter((id) => !known.includes(id))
        .map((id) => `${file} names ${id}, which the specification does not have: ${title}`),
    ),
  ];
}
