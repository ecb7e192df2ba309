var dbm = global.dbm || require('db-migrate');
var type = dbm.dataType;
var async = require('async');

exports.up = function(db, callback) {
  async.series([
    db.createTable.bind(db, 'questions', {
      id: { type: 'int', primaryKey: true, autoIncrement: true },
      room_id: { type: 'int', notNull: true },
      body: { type: type.TEXT, notNull: true },
      position: { type: 'int', notNull: true, defaultValue: 0 }
    }),
    db.createTable.bind(db, 'options', {
      id: { type: 'int', primaryKey: true, autoIncrement: true },
      question_id: { type: 'int', notNull: true },
      label: { type: 'string', length: 200, notNull: true },
      position: { type: 'int', notNull: true, defaultValue: 0 }
    }),
    db.addForeignKey.bind(db, 'questions', 'rooms', 'questions_room_id_fk',
      { room_id: 'id' }, { onDelete: 'CASCADE', onUpdate: 'RESTRICT' }),
    db.addForeignKey.bind(db, 'options', 'questions', 'options_question_id_fk',
      { question_id: 'id' }, { onDelete: 'CASCADE', onUpdate: 'RESTRICT' }),
    db.addIndex.bind(db, 'questions', 'questions_room_id_idx', ['room_id'])
  ], callback);
};

exports.down = function(db, callback) {
  async.series([
    db.dropTable.bind(db, 'options'),
    db.dropTable.bind(db, 'questions')
  ], callback);
};
