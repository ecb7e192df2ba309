import { type Report } from '../model.js';
import { figuresOf, type Tone } from '../figures.js';
import { momentOf, placeOf } from '../words.js';
import { clipped } from '../visible.js';
import { code, text } from './escape.js';
import { fit, type Part } from './fit.js';
import { driftPart, historyPart, pendingPart, problemsPart, schemaPart } from './parts.js';

/** The mark by which knexward recognizes a report that it wrote. */
const MARK = '<!-- knexward report -->';

/** A comment on GitHub has at most 65,536 characters. */
export const MOST_CHARACTERS = 65_536;

const SIGNS: Record<Tone, string> = { good: '✅', notice: '🟡', bad: '❌', unknown: '❔' };

/** Whether a text is a Markdown report that knexward wrote, and may overwrite. */
export function isMarkdownReport(document: string): boolean {
  return document.startsWith(MARK);
}

/** The report as Markdown that fits into a comment on a pull request. Pure. */
export function renderMarkdown(report: Report): string {
  // The findings of `lint` will follow the pending migrations.
  const parts = [
    headPart(report),
    pendingPart(report),
    problemsPart(report),
    driftPart(report),
    schemaPart(report),
    historyPart(report),
  ];
  return fit(
    parts.filter((part): part is Part => part !== null),
    MOST_CHARACTERS,
  );
}

/** The most characters of a name in the head. PostgreSQL's names are shorter; an environment's may be longer. */
const MOST_OF_NAME = 200;

function headPart(report: Report): Part {
  const { environment, database, madeAt, postgres } = report;
  const figures = figuresOf(report);
  const cell = (content: string): string => text(clipped(content, MOST_OF_NAME));
  const name = (content: string): string => code(clipped(content, MOST_OF_NAME));
  const facts = [
    name(environment),
    name(placeOf(report)),
    text(`PostgreSQL ${postgres}`),
    text(momentOf(madeAt)),
  ];
  return {
    head: [
      MARK,
      `## Migration report: ${name(database.database)}`,
      '',
      facts.join(' · '),
      '',
      `| ${figures.map(({ label }) => label).join(' | ')} |`,
      `| ${figures.map(() => '---').join(' | ')} |`,
      `| ${figures.map(({ value, note, tone }) => `${SIGNS[tone]} **${value}** ${cell(note)}`).join(' | ')} |`,
    ].join('\n'),
    blocks: [],
    leftOut: () => '',
  };
}
