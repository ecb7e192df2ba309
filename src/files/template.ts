/** The languages that a new migration can be written in. */
export type MigrationLanguage = 'ts' | 'js' | 'cjs' | 'mjs' | 'sql';

const TYPESCRIPT = `import { type Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  // await knex.schema.createTable('example', (table) => {
  //   table.increments();
  // });
}

export async function down(knex: Knex): Promise<void> {
  // await knex.schema.dropTable('example');
}
`;

const COMMONJS = `/** @param {import('knex').Knex} knex */
exports.up = async function (knex) {
  // await knex.schema.createTable('example', (table) => {
  //   table.increments();
  // });
};

/** @param {import('knex').Knex} knex */
exports.down = async function (knex) {
  // await knex.schema.dropTable('example');
};
`;

const ES_MODULE = `/** @param {import('knex').Knex} knex */
export async function up(knex) {
  // await knex.schema.createTable('example', (table) => {
  //   table.increments();
  // });
}

/** @param {import('knex').Knex} knex */
export async function down(knex) {
  // await knex.schema.dropTable('example');
}
`;

const ABOUT_LOADER =
  "// Runs the SQL files of the same name for Knex's own command line. knexward reads them itself.\n";

/**
 * The module by which Knex's own command line finds a pair of SQL files.
 *
 * @param extension with its dot
 */
export function sqlLoader(
  stem: string,
  extension: string,
  packageType: 'module' | 'commonjs',
): { name: string; content: string } {
  const isModule = /^\.m/.test(extension) || (!/^\.c/.test(extension) && packageType === 'module');
  const isTypeScript = extension.endsWith('ts');
  const own = isModule ? 'import.meta.url' : '__filename';
  const content =
    isModule || isTypeScript
      ? `import { sqlMigration } from 'knexward';\n\n${ABOUT_LOADER}export const { up, down, config } = sqlMigration(${own});\n`
      : `const { sqlMigration } = require('knexward');\n\n${ABOUT_LOADER}module.exports = sqlMigration(__filename);\n`;
  return { name: stem + extension, content };
}

const SQL_UP = '-- The change. All of it runs in one transaction.\n';
const SQL_DOWN = '-- What takes the change back.\n';

/**
 * The files that make up a new migration: their names and their content. What a `.js` file is
 * depends on the package that it lies in: an ES module where that says `"type": "module"`.
 */
export function templateFor(
  language: MigrationLanguage,
  stem: string,
  packageType: 'module' | 'commonjs',
): { name: string; content: string }[] {
  switch (language) {
    case 'ts':
      return [{ name: `${stem}.ts`, content: TYPESCRIPT }];
    case 'js':
      return [{ name: `${stem}.js`, content: packageType === 'module' ? ES_MODULE : COMMONJS }];
    case 'cjs':
      return [{ name: `${stem}.cjs`, content: COMMONJS }];
    case 'mjs':
      return [{ name: `${stem}.mjs`, content: ES_MODULE }];
    case 'sql':
      return [
        { name: `${stem}.up.sql`, content: SQL_UP },
        { name: `${stem}.down.sql`, content: SQL_DOWN },
      ];
  }
}
