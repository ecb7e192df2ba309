'use strict';

exports.up = function (db) {
  return db.runSql(`
    ALTER TABLE questions ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';

    UPDATE questions SET settings = '{"multiple": false}' WHERE NOT settings ? 'multiple';

    ALTER TABLE questions ADD CONSTRAINT questions_time_limit_positive
      CHECK (NOT settings ? 'timeLimit' OR (settings ->> 'timeLimit')::int > 0);

    CREATE INDEX questions_timed_idx ON questions (room_id) WHERE settings ? 'timeLimit';

    COMMENT ON COLUMN questions.settings IS 'multiple: boolean; timeLimit: seconds';
  `);
};

exports.down = function (db) {
  return db.runSql(`
    DROP INDEX questions_timed_idx;
    ALTER TABLE questions DROP CONSTRAINT questions_time_limit_positive;
    ALTER TABLE questions DROP COLUMN settings;
  `);
};

exports._meta = {
  version: 1,
};
