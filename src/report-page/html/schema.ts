import { countOf } from '../../count.js';
import { select } from '../diagram/select.js';
import { type ForeignKey, type SchemaTables, type ShownTable } from '../tables.js';
import { box } from './sections.js';
import { type Content, html, type Html } from './template.js';

/** A picture of the schema, or why there is none. */
export type Picture =
  { svg: Html; missing?: undefined } | { svg?: undefined; missing: string } | null;

/** The tables: the picture, the same as a table, and what is not in the picture. */
export function schemaSection(schema: SchemaTables, picture: Picture): Html {
  const { tables, partitions, foreignKeys, marked } = schema;
  const { alone, leftOut } = select(schema);
  const count = tables.length;
  return html`<section id="schema" aria-labelledby="schema-title">
    <h2 id="schema-title">Schema</h2>
    ${
      count === 0
        ? html`<p class="lead">The database has no tables besides those of the history.</p>`
        : [
            html`<p class="lead">
              ${countOf(count, 'table')}, ${countOf(foreignKeys.length, 'foreign key')}. Boxes show
              keys${marked ? ' and what the pending migrations change' : ''}; the dot is at the
              table that is referred
              to.${
                partitions > 0
                  ? ` ${countOf(partitions, 'partition is shown as the table that it is', 'partitions are shown as the tables that they are')} a part of.`
                  : ''
              }
            </p>`,
            marked ? legend() : null,
            picture?.missing === undefined ? null : box('unknown', picture.missing),
            picture?.svg
              ? html`<div
                  class="scroll"
                  role="region"
                  tabindex="0"
                  aria-label="Diagram of tables and foreign keys"
                >
                  ${picture.svg}
                </div>`
              : null,
            leftOut.length > 0
              ? html`<details>
                  <summary>
                    ${countOf(leftOut.length, 'more table')} with foreign keys, left out of the
                    diagram to keep it readable
                  </summary>
                  <div class="inside">${chips(leftOut)}</div>
                </details>`
              : null,
            foreignKeys.length > 0 ? keyTable(foreignKeys) : null,
            alone.length > 0
              ? html`<h3>Without foreign keys</h3>
                  ${chips(alone)}`
              : null,
          ]
    }
  </section> `;
}

function legend(): Html {
  return html`<p class="legend">
    <span class="key created">new</span><span class="key changed">changes</span
    ><span class="key dropped">is dropped</span> by the pending migrations
  </p>`;
}

function chips(tables: readonly ShownTable[]): Html {
  return html`<ul class="chips">
    ${tables.map(({ title, change }) => {
      const word = change === null ? '' : ` (${change === 'created' ? 'new' : change})`;
      return html`<li${change === null ? null : html` class="${change}"`}><code>${title}</code>${word}</li>`;
    })}
  </ul>`;
}

function keyTable(foreignKeys: readonly ForeignKey[]): Html {
  const side = (table: string, columns: readonly string[]): Content =>
    html`<code>${table} (${columns.join(', ')})</code>`;
  return html`<details>
    <summary>The foreign keys as a table</summary>
    <div class="inside">
      <table>
        <thead>
          <tr>
            <th scope="col">from</th>
            <th scope="col">to</th>
            <th scope="col">name</th>
          </tr>
        </thead>
        <tbody>
          ${foreignKeys.map(
            ({ name, from, to, columns, referenced, change }) =>
              html`<tr>
                <td>${side(from, columns)}</td>
                <td>${side(to, referenced)}</td>
                <td>
                  <code>${name}</code
                  >${change === null ? '' : ` (${change === 'created' ? 'new' : change})`}
                </td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
