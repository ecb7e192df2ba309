'use strict';

var dbm;
var type;
var seed;

exports.setup = function(options, seedLink) {
  dbm = options.dbmigrate;
  type = dbm.dataType;
  seed = seedLink;
};

exports.up = function(db) {
  return db.createTable('poll_templates', {
    columns: {
      key: { type: 'string', length: 30, primaryKey: true },
      label: { type: 'string', length: 100, notNull: true },
      answers: { type: 'jsonb', notNull: true, defaultValue: '[]' }
    },
    ifNotExists: true
  });
};

exports.down = function(db) {
  return db.dropTable('poll_templates', { ifExists: true });
};

exports._meta = {
  "version": 1
};
