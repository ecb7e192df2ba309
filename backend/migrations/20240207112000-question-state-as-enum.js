'use strict';

exports.up = async (db) => {
  await db.runSql("CREATE TYPE question_state AS ENUM ('draft', 'open', 'closed')");
  await db.runSql(`
    ALTER TABLE questions
      ALTER COLUMN state DROP DEFAULT,
      ALTER COLUMN state TYPE question_state USING state::question_state,
      ALTER COLUMN state SET DEFAULT 'draft'
  `);
};

exports.down = async (db) => {
  await db.runSql(`
    ALTER TABLE questions
      ALTER COLUMN state DROP DEFAULT,
      ALTER COLUMN state TYPE varchar(10) USING state::varchar(10),
      ALTER COLUMN state SET DEFAULT 'draft'
  `);
  await db.runSql('DROP TYPE question_state');
};

exports._meta = {
  version: 1,
};
