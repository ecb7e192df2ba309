'use strict';

exports.up = async (db) => {
  await db.renameTable('poll_templates', 'question_templates');
  await db.runSql("COMMENT ON TABLE question_templates IS 'What a host may start from'");
  await db.insert(
    'question_templates',
    ['key', 'label', 'answers'],
    ['mood', 'How was your day?', JSON.stringify(['😀', '😐', '🙁'])],
  );
};

exports.down = async (db) => {
  await db.runSql('DELETE FROM question_templates WHERE key = ?', ['mood']);
  await db.runSql('COMMENT ON TABLE question_templates IS NULL');
  await db.renameTable('question_templates', 'poll_templates');
};

exports._meta = {
  version: 1,
};
