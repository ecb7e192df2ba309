var dbm = global.dbm || require('db-migrate');
var type = dbm.dataType;

exports.up = function(db, callback) {
  db.createTable('participants', {
    id: { type: 'int', primaryKey: true, autoIncrement: true },
    room_id: {
      type: 'int',
      notNull: true,
      foreignKey: {
        name: 'participants_room_id_fk',
        table: 'rooms',
        rules: { onDelete: 'CASCADE', onUpdate: 'RESTRICT' },
        mapping: 'id'
      }
    },
    nickname: { type: 'string', length: 40, notNull: true },
    ip_address: { type: 'string', length: 45 }
  }, function(err) {
    if (err) return callback(err);

    // one vote per participant and question
    db.createTable('votes', {
      participant_id: {
        type: 'int',
        notNull: true,
        primaryKey: true,
        foreignKey: {
          name: 'votes_participant_id_fk',
          table: 'participants',
          rules: { onDelete: 'CASCADE' },
          mapping: { participant_id: 'id' }
        }
      },
      question_id: {
        type: 'int',
        notNull: true,
        primaryKey: true,
        foreignKey: {
          name: 'votes_question_id_fk',
          table: 'questions',
          rules: { onDelete: 'CASCADE' },
          mapping: 'id'
        }
      },
      option_id: { type: 'int', notNull: true },
      voted_at: { type: type.DATE_TIME, notNull: true, defaultValue: { special: 'CURRENT_TIMESTAMP' } }
    }, callback);
  });
};

exports.down = function(db, callback) {
  db.dropTable('votes', function(err) {
    if (err) return callback(err);
    db.dropTable('participants', callback);
  });
};
