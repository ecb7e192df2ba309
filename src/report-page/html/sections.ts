import { countOf } from '../../count.js';
import { type Check } from '../../doctor/check.js';
import { type Failure } from '../../doctor/facts.js';
import { endStatement } from '../../schema/sql/text.js';
import { type Report, type ReportedChange, type ReportedPlan } from '../model.js';
import { differenceOf, driftAdvice, notKnown, problemsOf, type Tone } from '../words.js';
import { type Content, html, type Html, lines } from './template.js';

/** A section of the page; `null` where there is nothing to say. */
export type Section = (report: Report) => Html | null;

/** A box with what could not be found out, or what a reader must not overlook. */
export function box(tone: Tone, message: string, fix = ''): Html {
  const more = fix === '' ? null : html`<p>${fix}</p>`;
  return html`<div class="warn ${tone}">
    <p>${message}</p>
    ${more}
  </div>`;
}

function notFoundOut(what: string, failure: Failure): Html {
  const { message, fix } = notKnown(what, failure);
  return box('unknown', message, fix);
}

export const pendingSection: Section = ({ pending, plan }) => {
  return html`<section id="pending" aria-labelledby="pending-title">
    <h2 id="pending-title">Pending migrations</h2>
    ${
      pending.length === 0
        ? html`<p class="lead">Already up to date.</p>`
        : plan.failed
          ? withoutSql(pending, plan.failed)
          : changes(plan.value, pending.length)
    }
  </section> `;
};

function withoutSql(pending: Report['pending'], failure: Failure): Content {
  return [
    notFoundOut('No SQL is shown.', failure),
    html`<ul>
      ${pending.map(({ name }) => html`<li><code>${name}</code></li>`)}
    </ul>`,
  ];
}

function changes(plan: ReportedPlan, pending: number): Content {
  const { batch, base, baseReason, shadow, baseline, failed, notReached } = plan;
  const ran = `Run in ${shadow ?? 'a temporary database'}: this is what up sends to the server.`;
  return [
    html`<p class="lead">Batch ${batch} would run ${countOf(pending, 'migration')}. ${ran}</p>`,
    base === 'schema'
      ? box('notice', `Rehearsed on the schema of the database, without data: ${baseReason ?? ''}`)
      : null,
    baseline
      ? box(
          'notice',
          `up begins with the baseline ${baseline.file} instead of the first ${countOf(baseline.migrations, 'migration')}.`,
        )
      : null,
    plan.changes.map((change, index) => changeBlock(change, index, pending)),
    failed
      ? html`<details open>
          <summary>
            <h3>${failed.name}</h3>
            <span class="tag bad">fails</span>
          </summary>
          <div class="inside">
            ${box('bad', [failed.message, failed.detail, failed.cause].filter((text) => text).join(' '), failed.fix ?? '')}${
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

/** So many are open when the page opens. */
const OPEN = 5;

function changeBlock(
  { name, transaction, notes, statements }: ReportedChange,
  index: number,
  total: number,
): Html {
  const how = transaction ? 'in a transaction' : 'outside a transaction';
  const sql = statements.map(({ sql: text, refused }) =>
    refused === null ? text : `-- refused (SQLSTATE ${refused}):\n${text}`,
  );
  return html`<details${total <= OPEN || index === 0 ? html` open` : null}><summary><h3>${name}</h3><span class="tag${transaction ? '' : html` notice`}">${how}</span></summary><div class="inside">${notes.map((note) => box('notice', note))}${
    sql.length === 0
      ? html`<p class="lead">It sends nothing.</p>`
      : html`<pre>${lines(sql.join('\n'))}</pre>`
  }</div></details>
`;
}

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

export const driftSection: Section = ({ drift }) => {
  return html`<section id="drift" aria-labelledby="drift-title">
    <h2 id="drift-title">Drift</h2>
    ${drift.failed ? notFoundOut('The database was not compared with its migrations.', drift.failed) : verification(drift.value)}
  </section> `;
};

function verification(drift: NonNullable<Report['drift']['value']>): Content {
  const { differences, unreplayable, replayed, shadow, postgres } = drift;
  const source = countOf(replayed ?? 0, 'applied migration');
  return [
    differences.length === 0
      ? html`<p class="lead">
          The database matches its ${source}, replayed in ${shadow ?? 'a temporary database'}.
        </p>`
      : html`<p class="lead">
          ${countOf(differences.length, 'difference')} between the ${source}, replayed in
          ${shadow ?? 'a temporary database'}, and the database.
        </p>`,
    unreplayable.length > 0
      ? box(
          'notice',
          `Not proven: ${countOf(unreplayable.length, 'applied migration has', 'applied migrations have')} no file to replay: ${unreplayable.join(', ')}`,
        )
      : null,
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

function difference(one: NonNullable<Report['drift']['value']>['differences'][number]): Html {
  const { kind, object, expected, actual, fix, losesData } = one;
  const parts = expected && actual ? Object.keys(expected) : [];
  const told = (value: unknown): string =>
    value === null || value === undefined
      ? 'none'
      : typeof value === 'string'
        ? value
        : JSON.stringify(value);
  return html`<details open>
    <summary>
      <h3>${kind} ${object}</h3>
      <span class="tag bad">${differenceOf(one)}</span>${
        losesData ? html`<span class="tag notice">the fix loses data</span>` : null
      }
    </summary>
    <div class="inside">
      ${
        parts.length === 0
          ? null
          : html`<table>
              <thead>
                <tr>
                  <th scope="col">part</th>
                  <th scope="col">expected</th>
                  <th scope="col">found</th>
                </tr>
              </thead>
              <tbody>
                ${parts.map(
                  (part) =>
                    html`<tr>
                      <td>${part}</td>
                      <td><code>${told(expected?.[part])}</code></td>
                      <td><code>${told(actual?.[part])}</code></td>
                    </tr>`,
                )}
              </tbody>
            </table>`
      }${fix.length === 0 ? null : html`<pre>${lines(fix.map(endStatement).join('\n'))}</pre>`}
    </div>
  </details> `;
}
