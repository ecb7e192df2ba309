'use strict';

var async = require('async');

exports.up = function (db, callback) {
  async.series([
    function (cb) {
      db.addIndex('participants', 'participants_room_id_nickname_key', ['room_id', 'nickname'], true, cb);
    },
    function (cb) {
      db.addIndex('options', 'options_question_id_id_key', ['question_id', 'id'], true, cb);
    },
    // a vote must be for an option of its own question
    function (cb) {
      db.addForeignKey('votes', 'options', 'votes_option_fk',
        { question_id: 'question_id', option_id: 'id' }, { onDelete: 'CASCADE', onUpdate: 'RESTRICT' }, cb);
    }
  ], callback);
};

exports.down = function (db, callback) {
  async.series([
    db.removeForeignKey.bind(db, 'votes', 'votes_option_fk'),
    db.removeIndex.bind(db, 'options', 'options_question_id_id_key'),
    db.removeIndex.bind(db, 'participants', 'participants_room_id_nickname_key')
  ], callback);
};
