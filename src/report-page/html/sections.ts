import { countOf } from '../../count.js';
import { type Check } from '../../doctor/check.js';
import { type Failure } from '../../doctor/facts.js';
import { endStatement } from '../../schema/sql/text.js';
import { type Report, type ReportedChange, type ReportedPlan } from '../model.js';
import { problemsOf, type Tone } from '../figures.js';
import {
  batchLine,
  differenceOf,
  driftAdvice,
  NO_SQL,
  NOT_COMPARED,
  notProven,
  rehearsedWithoutData,
  replayedMigrations,
  sqlOf,
} from '../words.js';
import { type Verification } from '../../verify/verify.js';
import { type Content, html, type Html, lines } from '../html-template.js';

/** A section of the page; `null` where there is nothing to say. */
export type Section = (report: Report) => Html | null;

/** A box for what a reader must not overlook, such as a failure or what could not be found out. */
export function box(tone: Tone, message: string, fix: string | null = null): Html {
  const more = fix === null ? null : html`<p>${fix}</p>`;
  return html`<div class="warn ${tone}">
    <p>${message}</p>
    ${more}
  </div>`;
}

function notFoundOut(what: string, { message, fix }: Failure): Html {
  return box('unknown', `${what} ${message}`, fix);
}

function notice(message: string | null): Html | null {
  return message === null ? null : box('notice', message);
}

/** The SQL of the pending migrations. */
export const pendingSection: Section = (report) => {
  const { pending, plan } = report;
  return html`<section id="pending" aria-labelledby="pending-title">
    <h2 id="pending-title">Pending migrations</h2>
    ${
      pending.length === 0
        ? html`<p class="lead">Already up to date.</p>`
        : plan.failed
          ? withoutSql(pending, plan.failed)
          : changes(plan.value, report)
    }
  </section> `;
};

function withoutSql(pending: Report['pending'], failure: Failure): Content {
  return [
    notFoundOut(NO_SQL, failure),
    html`<ul>
      ${pending.map(({ name }) => html`<li><code>${name}</code></li>`)}
    </ul>`,
  ];
}

function changes(plan: ReportedPlan, report: Report): Content {
  const { shadow, baseline, failed, notReached } = plan;
  const ran = `Run in ${shadow ?? 'a temporary database'}: this is what up sends to the server.`;
  return [
    html`<p class="lead">${batchLine(plan, report)} ${ran}</p>`,
    notice(rehearsedWithoutData(plan)),
    baseline
      ? box(
          'notice',
          `up begins with the baseline ${baseline.file} instead of the first ${countOf(baseline.migrations, 'migration')}.`,
        )
      : null,
    plan.changes.map((change, index) => changeBlock(change, index, report.pending.length)),
    failed
      ? html`<details open>
          <summary>
            <h3>${failed.name}</h3>
            <span class="tag bad">fails</span>
          </summary>
          <div class="inside">
            ${box('bad', [failed.message, failed.detail, failed.cause].filter((text) => text).join(' '), failed.fix)}${
              failed.statement ? html`<pre>${lines(failed.statement)}</pre>` : null
            }
          </div>
        </details>`
      : null,
    notReached.length > 0
      ? html`<p class="lead">
          Not reached:
          ${notReached.map((name, index) => [index > 0 ? ', ' : '', html`<code>${name}</code>`])}
        </p>`
      : null,
  ];
}

/** How many migrations may be pending for all of them to be unfolded when the page opens. */
const OPEN = 5;

function changeBlock(change: ReportedChange, index: number, total: number): Html {
  const { name, transaction, notes } = change;
  const how = transaction ? 'in a transaction' : 'outside a transaction';
  const sql = sqlOf(change);
  return html`<details${total <= OPEN || index === 0 ? html` open` : null}><summary><h3>${name}</h3><span class="tag${transaction ? '' : html` notice`}">${how}</span></summary><div class="inside">${notes.map((note) => box('notice', note))}${
    sql.length === 0
      ? html`<p class="lead">It sends nothing.</p>`
      : html`<pre>${lines(sql.join('\n'))}</pre>`
  }</div></details>
`;
}

/** The errors and warnings of `doctor`. */
export const problemsSection: Section = ({ checks }) => {
  const { errors, warnings, passed } = problemsOf(checks);
  const found = [...errors, ...warnings];
  return html`<section id="problems" aria-labelledby="problems-title">
    <h2 id="problems-title">Problems</h2>
    ${
      found.length === 0
        ? html`<p class="lead">None found. ${countOf(passed, 'check')} passed.</p>`
        : html`<ul class="findings">
              ${found.map(finding)}
            </ul>
            <p class="lead">${countOf(passed, 'check')} passed.</p>`
    }
  </section> `;
};

function finding({ code, status, message, fix }: Check): Html {
  const [tone, word] = status === 'red' ? ['bad', 'error'] : ['notice', 'warning'];
  return html`<li>
    <span class="tag ${tone}">${word}</span> <code class="code">${code}</code> ${message}${
      fix === null ? null : html`<p class="fix">Fix: ${fix}</p>`
    }
  </li> `;
}

/** The differences between the database and its migrations. */
export const driftSection: Section = ({ drift }) => {
  return html`<section id="drift" aria-labelledby="drift-title">
    <h2 id="drift-title">Drift</h2>
    ${drift.failed ? notFoundOut(NOT_COMPARED, drift.failed) : verification(drift.value)}
  </section> `;
};

function verification(drift: Verification): Content {
  const { differences, shadow, postgres } = drift;
  const source = replayedMigrations(drift);
  return [
    differences.length === 0
      ? html`<p class="lead">
          The database matches its ${source}, replayed in ${shadow ?? 'a temporary database'}.
        </p>`
      : html`<p class="lead">
          ${countOf(differences.length, 'difference')} between the ${source}, replayed in
          ${shadow ?? 'a temporary database'}, and the database.
        </p>`,
    notice(notProven(drift)),
    postgres.expected === postgres.actual
      ? null
      : box(
          'notice',
          `The replay ran on PostgreSQL ${postgres.expected}, the database is on ${postgres.actual}: these versions print some definitions differently.`,
        ),
    differences.map(difference),
    differences.length > 0 ? advice() : null,
  ];
}

function advice(): Content {
  const { texts, command } = driftAdvice();
  const last = texts.length - 1;
  return texts.map(
    (text, index) =>
      html`<p class="lead">${text}${index === last ? html` <code>${command}</code>` : null}</p>`,
  );
}

function difference(one: Verification['differences'][number]): Html {
  const { kind, object, fix, losesData } = one;
  return html`<details open>
    <summary>
      <h3>${kind} ${object}</h3>
      <span class="tag bad">${differenceOf(one)}</span>${
        losesData ? html`<span class="tag notice">the fix loses data</span>` : null
      }
    </summary>
    <div class="inside">
      ${partsTable(one)}${fix.length === 0 ? null : html`<pre>${lines(fix.map(endStatement).join('\n'))}</pre>`}
    </div>
  </details> `;
}

/** The parts of an object that is on both sides, but not the same. */
function partsTable({ expected, actual }: Verification['differences'][number]): Html | null {
  if (!expected || !actual) return null;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">part</th>
        <th scope="col">expected</th>
        <th scope="col">found</th>
      </tr>
    </thead>
    <tbody>
      ${Object.keys(expected).map(
        (part) =>
          html`<tr>
            <td>${part}</td>
            <td><code>${valueOf(expected[part])}</code></td>
            <td><code>${valueOf(actual[part])}</code></td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function valueOf(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
