'use strict';

var dbm;
var type;
var seed;

/**
  * We receive the dbmigrate dependency from dbmigrate initially.
  * This enables us to not have to rely on NODE_PATH.
  */
exports.setup = function(options, seedLink) {
  dbm = options.dbmigrate;
  type = dbm.dataType;
  seed = seedLink;
};

exports.up = function(db, callback) {
  db.changeColumn('rooms', 'title', { type: 'string', length: 160, notNull: true, defaultValue: 'Untitled' })
    .then(function() {
      return db.addColumn('rooms', 'slug', { type: 'string', length: 170 });
    })
    .then(function() {
      return db.addIndex('rooms', 'rooms_slug_key', ['slug'], true);
    })
    .nodeify(callback);
};

exports.down = function(db, callback) {
  db.removeColumn('rooms', 'slug')
    .then(function() {
      return db.runSql('UPDATE rooms SET title = left(title, 80) WHERE length(title) > 80');
    })
    .then(function() {
      return db.changeColumn('rooms', 'title', { type: 'string', length: 80, notNull: true });
    })
    .nodeify(callback);
};

exports._meta = {
  "version": 1
};
