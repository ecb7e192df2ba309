import { countOf } from '../../count.js';
import { type Picture } from '../diagram/picture.js';
import { select } from '../diagram/select.js';
import { type Change, type ForeignKey, type SchemaTables, type ShownTable } from '../tables.js';
import { CHANGE_WORDS } from '../words.js';
import { box } from './sections.js';
import { type Content, html, type Html } from '../html-template.js';

/** The schema: the diagram, the same foreign keys as a table, and what the diagram leaves out. */
export function schemaSection(schema: SchemaTables, picture: Picture): Html {
  return html`<section id="schema" aria-labelledby="schema-title">
    <h2 id="schema-title">Schema</h2>
    ${
      schema.tables.length === 0
        ? html`<p class="lead">The database has no tables besides those of the history.</p>`
        : [summary(schema), schema.marked ? legend() : null, diagram(picture), lists(schema)]
    }
  </section> `;
}

function summary({ tables, foreignKeys, partitions, marked }: SchemaTables): Html {
  const boxes = `Boxes show keys${marked ? ' and what the pending migrations change' : ''}`;
  const shown = countOf(
    partitions,
    'partition is shown as the table that it is',
    'partitions are shown as the tables that they are',
  );
  return html`<p class="lead">
    ${countOf(tables.length, 'table')}, ${countOf(foreignKeys.length, 'foreign key')}. ${boxes}; the
    dot marks the referenced table.${partitions > 0 ? ` ${shown} a part of.` : ''}
  </p>`;
}

function diagram(picture: Picture): Html | null {
  if (picture === null) return null;
  if (picture.missing !== undefined) return box('unknown', picture.missing);
  return html`<div
    class="scroll"
    role="region"
    tabindex="0"
    aria-label="Diagram of tables and foreign keys"
  >
    ${picture.svg}
  </div>`;
}

/** What a reader cannot see in the diagram, or cannot read from it. */
function lists(schema: SchemaTables): Content {
  const { foreignKeys } = schema;
  const { alone, leftOut } = select(schema);
  return [
    leftOut.length > 0
      ? html`<details>
          <summary>
            ${countOf(leftOut.length, 'more table')} with foreign keys, left out of the diagram to
            keep it readable
          </summary>
          <div class="inside">${chips(leftOut)}</div>
        </details>`
      : null,
    foreignKeys.length > 0 ? keyTable(foreignKeys) : null,
    alone.length > 0
      ? html`<h3>Without foreign keys</h3>
          ${chips(alone)}`
      : null,
  ];
}

function legend(): Html {
  return html`<p class="legend">
    ${Object.entries(CHANGE_WORDS).map(([change, word]) => html`<span class="key ${change}">${word}</span>`)}
    by the pending migrations
  </p>`;
}

function chips(tables: readonly ShownTable[]): Html {
  return html`<ul class="chips">
    ${tables.map(({ title, change }) => {
      const kind = change === null ? null : html` class="${change}"`;
      return html`<li${kind}><code>${title}</code>${remark(change)}</li>`;
    })}
  </ul>`;
}

function remark(change: Change | null): string {
  return change === null ? '' : ` (${CHANGE_WORDS[change]})`;
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
                <td><code>${name}</code>${remark(change)}</td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
