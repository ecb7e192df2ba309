import { createProject, type Outcome, type Project, REPOSITORY } from './project';

/** Packages that a project on real db-migrate has in its node_modules. */
export const DB_MIGRATE_PACKAGES = [
  'db-migrate',
  'db-migrate-pg',
  'async',
  'bluebird',
  'knex',
  'pg',
];

/** A project that runs real db-migrate on the database that `DATABASE_URL` names. */
export function createLegacyProject(files: Record<string, string>): Project {
  return createProject(
    {
      'database.json': JSON.stringify({ dev: { driver: 'pg' } }),
      'package.json': JSON.stringify({
        name: 'legacy',
        scripts: { 'migrate:up': 'db-migrate up', start: 'node server.js' },
        dependencies: { async: '3', 'db-migrate': '0.11.14', 'db-migrate-pg': '1.5.2' },
      }),
      ...files,
    },
    DB_MIGRATE_PACKAGES,
  );
}

/** Runs the real db-migrate command line in a project. */
export function dbMigrate(
  project: Project,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Outcome> {
  return project.node([`${REPOSITORY}/node_modules/db-migrate/bin/db-migrate`, ...args], env);
}

/** A migration in db-migrate's promise style that makes a table. */
export function legacyTable(name: string): string {
  return `
exports.setup = function () {};
exports.up = function (db) { return db.createTable('${name}', { id: { type: 'int', primaryKey: true, autoIncrement: true } }); };
exports.down = function (db) { return db.dropTable('${name}'); };
exports._meta = { version: 1 };
`;
}
