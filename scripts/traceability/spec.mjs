// The requirements of specs/014-knex-migration/spec.md, from its text: pure.

/**
 * @typedef {{ id: string, text: string, status: 'built' | 'partly' | 'planned', missing?: string }} Requirement
 */

/** In the order of the page. */
export const KINDS = {
  US: 'User stories',
  FR: 'Requirements',
  SC: 'Success criteria',
  EC: 'Edge cases',
};

const STORY = /^### (US\d+)(?: \(P\d\))?: (.+)$/;
const LIKE_A_STORY = /^#+ US/;
const LIKE_A_ROW = /^\|\s*(?:FR|SC|EC)-/;
const STORY_STATUS = /^Status: (?:(built|planned)|(partly) built: (.+?))\.$/;
const ROW_STATUS = /^(?:(built|planned)|(partly): (.+?)\.?)$/;

/**
 * @param {string} text
 * @returns {Requirement[]} stories, requirements, criteria and edge cases, each kind by its numbers
 */
export function parseSpec(text) {
  const lines = text.split('\n');
  const found = lines.flatMap((line, index) => {
    if (LIKE_A_STORY.test(line)) return [storyOf(line, lines.slice(index + 1))];
    return LIKE_A_ROW.test(line) ? [requirementOf(line)] : [];
  });
  return Object.keys(KINDS).flatMap((kind) =>
    counted(found.filter(({ id }) => kindOf(id) === kind)),
  );
}

/** `US`, `FR`, `SC` or `EC`. */
export function kindOf(id) {
  return id.slice(0, 2);
}

function storyOf(heading, after) {
  const [, id, text] = STORY.exec(heading) ?? fail(`This is no heading of a story: ${heading}`);
  const start = after.findIndex((line) => line !== '');
  const length = after.slice(start).findIndex((line) => line === '');
  const paragraph = after.slice(start, length < 0 ? undefined : start + length).join(' ');
  return { id, text, ...statusOf(id, STORY_STATUS.exec(paragraph)) };
}

function requirementOf(line) {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  const [id, text, status, ...more] = cells.map((cell) => cell.trim().replaceAll('\\|', '|'));
  if (status === undefined || more.length > 0) fail(`The row of ${id} has not three cells.`);
  return { id, text, ...statusOf(id, ROW_STATUS.exec(status)) };
}

function statusOf(id, match) {
  const [, whole, partly, missing] = match ?? fail(`The status of ${id} is none.`);
  return partly ? { status: 'partly', missing } : { status: whole };
}

/** A number that is left out or there twice is a row that somebody has lost. */
function counted(requirements) {
  const sorted = requirements.toSorted((a, b) => numberOf(a.id) - numberOf(b.id));
  sorted.forEach(({ id }, index) => {
    if (numberOf(id) !== index + 1) fail(`The numbers up to ${id} have a gap, or one twice.`);
  });
  return sorted;
}

function numberOf(id) {
  return Number(/\d+$/.exec(id));
}

function fail(message) {
  throw new Error(message);
}
