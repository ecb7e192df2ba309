'use strict';

var Promise;

exports.setup = function(options) {
  Promise = options.Promise;
};

function slugFor(room) {
  var words = room.title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
  return words + '-' + room.code.toLowerCase();
}

exports.up = function(db) {
  return db.all('SELECT id, code, title FROM rooms WHERE slug IS NULL')
    .then(function(rooms) {
      return Promise.each(rooms, function(room) {
        return db.runSql('UPDATE rooms SET slug = ? WHERE id = ?', [slugFor(room), room.id]);
      });
    });
};

exports.down = function(db) {
  return db.runSql('UPDATE rooms SET slug = NULL');
};

exports._meta = {
  "version": 1
};
