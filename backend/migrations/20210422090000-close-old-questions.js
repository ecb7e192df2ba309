'use strict';

let type;

exports.setup = function (options) {
  type = options.dbmigrate.dataType;
};

exports.up = async function (db) {
  await db.addColumn('questions', 'closed_at', { type: 'timestamptz' });
  await db.addColumn('questions', 'anonymous', { type: type.BOOLEAN, notNull: true, defaultValue: true });

  const open = await db.all(
    `SELECT q.id FROM questions q JOIN rooms r ON r.id = q.room_id
     WHERE q.state = 'open' AND r.created_at < now() - interval '30 days'`,
  );
  for (const { id } of open) {
    await db.runSql("UPDATE questions SET state = 'closed', closed_at = now() WHERE id = ?", [id]);
  }
};

// what was closed stays closed: nobody waits for those answers any more
exports.down = async function (db) {
  await db.removeColumn('questions', 'anonymous');
  await db.removeColumn('questions', 'closed_at');
};

exports._meta = {
  version: 1,
};
