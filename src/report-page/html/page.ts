import { createHash } from 'node:crypto';
import { version } from '../../version.js';
import { type Picture } from '../diagram/picture.js';
import { type Report } from '../model.js';
import { figuresOf } from '../figures.js';
import { momentOf, placeOf } from '../words.js';
import { historySection } from './history.js';
import { schemaSection } from './schema.js';
import { driftSection, pendingSection, problemsSection, type Section } from './sections.js';
import { STYLE } from './style.js';
import { html, type Html, trusted } from '../html-template.js';

/** The mark by which knexward recognizes a page that it wrote. */
const GENERATOR = '<meta name="generator" content="knexward report">';

/** Whether a text is a page that knexward wrote, and may overwrite. */
export function isPage(text: string): boolean {
  return text.startsWith('<!doctype html>') && text.slice(0, 1000).includes(GENERATOR);
}

/**
 * The sections before the schema, in the order in which a reviewer needs them. A section without content is `null`.
 * The findings of `lint` will follow the pending migrations.
 */
const SECTIONS: readonly Section[] = [pendingSection, problemsSection, driftSection];

/** The report as one page of HTML that loads nothing and needs no script. Pure. */
export function renderPage(report: Report, picture: Picture): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const title = `Migration report: ${report.database.database}`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${trusted(policy)}" />
        ${trusted(GENERATOR)}
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        ${trusted(`<style>${STYLE}</style>`)}
      </head>
      <body>
        ${head(report, title)}
        <main>
          ${SECTIONS.map((section) => section(report))}${schemaSection(report.schema, picture)}${historySection(report)}
        </main>
        <footer>
          <p>
            Made by knexward, version ${version}, from data that it read in one run. Passwords in
            SQL and messages are masked. The page loads nothing and runs no script.
          </p>
        </footer>
      </body>
    </html>`;
  return `${page.text}\n`;
}

function head(report: Report, title: string): Html {
  const { environment, production, madeAt, postgres } = report;
  return html`<header>
    <p class="kicker"><span class="tag${production ? html` bad` : null}">${environment}</span></p>
    <h1>${title}</h1>
    <dl class="facts">
      <div>
        <dt>Database</dt>
        <dd>${placeOf(report)}</dd>
      </div>
      <div>
        <dt>Read at</dt>
        <dd><time datetime="${madeAt}">${momentOf(madeAt)}</time></dd>
      </div>
      <div>
        <dt>Server</dt>
        <dd>PostgreSQL ${postgres}</dd>
      </div>
    </dl>
    <nav aria-label="Summary">
      <ul class="figures">
        ${figuresOf(report).map(
          ({ label, value, note, tone, section }) =>
            html`<li>
              <a class="${tone}" href="#${section}"
                ><span class="label">${label}</span><span class="value">${value}</span
                ><span class="note">${note}</span></a
              >
            </li>`,
        )}
      </ul>
    </nav>
  </header> `;
}
