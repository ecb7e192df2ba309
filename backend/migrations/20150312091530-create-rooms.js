var dbm = global.dbm || require('db-migrate');
var type = dbm.dataType;

exports.up = function(db, callback) {
  db.createTable('rooms', {
    id: { type: 'int', primaryKey: true, autoIncrement: true },
    code: { type: 'string', length: 6, notNull: true, unique: true },
    title: { type: type.STRING, length: 80, notNull: true },
    created_at: { type: 'timestamp', notNull: true, defaultValue: new String('now()') }
  }, callback);
};

exports.down = function(db, callback) {
  db.dropTable('rooms', callback);
};
