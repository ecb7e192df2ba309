'use strict';

var async = require('async');

var dbm;
var type;
var seed;

exports.setup = function(options, seedLink) {
  dbm = options.dbmigrate;
  type = dbm.dataType;
  seed = seedLink;
};

exports.up = function(db, callback) {
  async.series([
    db.removeColumn.bind(db, 'participants', 'ip_address'),
    db.renameColumn.bind(db, 'participants', 'nickname', 'display_name'),
    db.changeColumn.bind(db, 'participants', 'display_name', { type: 'string', length: 60, notNull: true }),
    db.addColumn.bind(db, 'participants', 'joined_at', {
      type: 'timestamptz',
      notNull: true,
      defaultValue: { raw: 'now()' }
    })
  ], callback);
};

// the addresses themselves are gone for good, as they should be
exports.down = function(db, callback) {
  async.series([
    db.removeColumn.bind(db, 'participants', 'joined_at'),
    db.runSql.bind(db, 'UPDATE participants SET display_name = left(display_name, 40) WHERE length(display_name) > 40'),
    db.changeColumn.bind(db, 'participants', 'display_name', { type: 'string', length: 40, notNull: true }),
    db.renameColumn.bind(db, 'participants', 'display_name', 'nickname'),
    db.addColumn.bind(db, 'participants', 'ip_address', { type: 'string', length: 45 })
  ], callback);
};

exports._meta = {
  "version": 1
};
