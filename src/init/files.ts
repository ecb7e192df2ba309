import { type ProjectFacts } from './look.js';

/** A new file: its path in the project, and its content. */
export interface NewFile {
  path: string;
  content: string;
}

type Language = 'ts' | 'module' | 'commonjs';

function languageOf({ typescript, packageJson }: ProjectFacts): Language {
  return typescript ? 'ts' : packageJson.type;
}

/** A knexfile that works at once, without a server, and in production with DATABASE_URL only. */
export function knexfileFor(facts: ProjectFacts): NewFile {
  const language = languageOf(facts);
  const extension = language === 'ts' ? 'ts' : 'js';
  const [first, last] = {
    ts: [
      "import { type Config } from 'knexward';\n\nconst url = process.env['DATABASE_URL'] ?? '';\n\nconst config: Config = ",
      '\n\nexport default config;',
    ],
    module: ["const url = process.env['DATABASE_URL'] ?? '';\n\nexport default ", ''],
    commonjs: ["const url = process.env['DATABASE_URL'] ?? '';\n\nmodule.exports = ", ''],
  }[language] as [string, string];
  return {
    path: `knexfile.${extension}`,
    content: `${first}{
  development: {
    client: 'pg',
    // Without DATABASE_URL, knexward starts a PostgreSQL of its own.
    ...(url !== '' && { connection: url }),
    migrations: { directory: './migrations', extension: '${extension}' },
    knexward: { embedded: '.knexward' },
  },
  production: {
    client: 'pg',
    connection: url,
    migrations: { directory: './migrations', extension: '${extension}' },
  },
};${last}
`,
  };
}

/** A migration that does something, so that the first `up` shows what one is. */
export function firstMigration(facts: ProjectFacts, now: Date): NewFile {
  const timestamp = now.toISOString().replace(/\D/g, '').slice(0, 14);
  const language = languageOf(facts);
  const up = `await knex.schema.createTable('users', (table) => {
    table.increments();
    table.text('email').notNullable().unique();
    table.timestamp('created_at').notNullable().defaultTo(knex.fn.now());
  });`;
  const down = "await knex.schema.dropTable('users');";
  return {
    path: `migrations/${timestamp}_create_users.${language === 'ts' ? 'ts' : 'js'}`,
    content: MIGRATIONS[language](up, down),
  };
}

const KNEX_TYPE = "/** @param {import('knex').Knex} knex */\n";

const MIGRATIONS: Record<Language, (up: string, down: string) => string> = {
  ts: (up, down) => `import { type Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  ${up}
}

export async function down(knex: Knex): Promise<void> {
  ${down}
}
`,
  module: (up, down) => `${KNEX_TYPE}export async function up(knex) {
  ${up}
}

${KNEX_TYPE}export async function down(knex) {
  ${down}
}
`,
  commonjs: (up, down) => `${KNEX_TYPE}exports.up = async function (knex) {
  ${up}
};

${KNEX_TYPE}exports.down = async function (knex) {
  ${down}
};
`,
};
