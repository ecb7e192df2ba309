import { commandLine } from '../../command-line.js';
import { countOf } from '../../count.js';
import { recordedDuration, groupsOf, type HistoryGroup, whyNoDuration } from '../history-groups.js';
import { type AppliedMigration, type Report } from '../model.js';
import { momentOf, runTime } from '../words.js';
import { type Content, html, type Html } from '../html-template.js';
import { type Section } from './sections.js';

/** The page shows no more than these; `status` shows all. */
const MOST_ROWS = 1000;
/** Longer groups are folded. */
const MOST_OPEN = 30;
/** The width of the longest bar, in pixels. */
const BAR = 110;

/** The timeline of batches. */
export const historySection: Section = (report) => {
  const { applied, hasJournal } = report;
  const shown = applied.slice(-MOST_ROWS);
  const hidden = applied.length - shown.length;
  return html`<section id="history" aria-labelledby="history-title">
    <h2 id="history-title">History</h2>
    ${
      applied.length === 0
        ? html`<p class="lead">No migration is applied.</p>`
        : [
            html`<p class="lead">
              ${countOf(applied.length, 'applied migration')}, the newest batch first.
              ${aboutDurations(report)}
            </p>`,
            html`<ol class="timeline">
              ${groupsOf(shown).map((group) => groupItem(group, longest(applied), hasJournal))}
            </ol>`,
            hidden > 0
              ? html`<p class="lead">
                  ${hidden} earlier ones are not shown; ${commandLine('status', '--verbose')} lists
                  them.
                </p>`
              : null,
          ]
    }
  </section> `;
};

function aboutDurations({ applied, hasJournal }: Report): string {
  if (!hasJournal) return 'There is no journal, so durations and who applied them are unknown.';
  const unknown = applied.filter((migration) => recordedDuration(migration) === null).length;
  if (unknown === 0) return 'Durations come from the journal.';
  if (unknown === applied.length) return 'The journal has no durations for them.';
  return `Durations come from the journal; it has none for ${unknown} of them.`;
}

function longest(applied: readonly AppliedMigration[]): number {
  return Math.max(1, ...applied.map((migration) => recordedDuration(migration) ?? 0));
}

function groupItem(group: HistoryGroup, most: number, hasJournal: boolean): Html {
  const { kind, batches, migrations, from, to, actors, durationMs } = group;
  const { first, last } = batches;
  const title =
    kind === 'adopted'
      ? `Taken over from db-migrate (${first === last ? `batch ${first}` : `batches ${first} to ${last}`})`
      : `Batch ${first}`;
  const facts: Content[] = [
    countOf(migrations.length, 'migration'),
    ...(durationMs === null ? [] : [runTime(durationMs)]),
    ...(from === null || to === null ? ['time unknown'] : [moments(from, to)]),
    ...(actors.length === 0 ? [] : [actors.join('; ')]),
  ];
  const table = migrationTable(migrations, most, hasJournal);
  return html`<li>
    <h3>${title}</h3>
    <p class="when">${facts.map((fact, index) => [index > 0 ? ' · ' : '', fact])}</p>
    ${
      migrations.length > MOST_OPEN
        ? html`<details>
            <summary>All ${migrations.length} migrations</summary>
            <div class="inside">${table}</div>
          </details>`
        : table
    }
  </li> `;
}

function moments(from: string, to: string): Content {
  const one = (moment: string): Html => html`<time datetime="${moment}">${momentOf(moment)}</time>`;
  return momentOf(from) === momentOf(to) ? one(to) : [one(from), ' to ', one(to)];
}

function migrationTable(
  migrations: readonly AppliedMigration[],
  most: number,
  hasJournal: boolean,
): Html {
  const timed = migrations.some((migration) => recordedDuration(migration) !== null);
  const isDated = new Set(migrations.map(({ appliedAt }) => appliedAt?.slice(0, 16))).size > 1;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">migration</th>
        ${isDated ? html`<th scope="col">applied</th>` : null}
        <th scope="col" class="number">duration</th>
        ${timed ? html`<td class="bar"></td>` : null}
      </tr>
    </thead>
    <tbody>
      ${migrations.map((migration) => {
        const duration = recordedDuration(migration);
        return html`<tr>
          <td><code>${migration.name}</code></td>
          ${isDated ? html`<td>${migration.appliedAt === null ? 'unknown' : momentOf(migration.appliedAt)}</td>` : null}
          <td class="number">
            ${
              duration === null
                ? html`<span class="note">${whyNoDuration(migration, hasJournal)}</span>`
                : runTime(duration)
            }
          </td>
          ${timed ? html`<td class="bar">${bar(duration, most)}</td>` : null}
        </tr> `;
      })}
    </tbody>
  </table>`;
}

function bar(duration: number | null, most: number): Content {
  if (duration === null) return null;
  const width = Math.max(2, Math.round((duration / most) * BAR));
  return html`<svg width="${width}" height="8" aria-hidden="true">
    <rect width="${width}" height="8" rx="2" />
  </svg>`;
}
