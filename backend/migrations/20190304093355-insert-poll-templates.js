'use strict';

exports.up = function(db) {
  var columns = ['key', 'label', 'answers'];

  return db.insert('poll_templates', columns, ['yes_no', 'Yes or no', '["Yes", "No"]'])
    .then(function() {
      return db.insert('poll_templates', columns, [
        'agree', "What's your opinion?", JSON.stringify(['I agree', "I don't", 'Not sure'])
      ]);
    })
    .then(function() {
      return db.insert('poll_templates', columns, ['scale', 'From one to five', '[1, 2, 3, 4, 5]']);
    });
};

exports.down = function(db) {
  return db.runSql("DELETE FROM poll_templates WHERE key IN ('yes_no', 'agree', 'scale')");
};

exports._meta = {
  "version": 1
};
