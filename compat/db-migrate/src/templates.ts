const HEAD = `'use strict';

var dbm;
var type;
var seed;
`;

const RECEIVE = `
/**
  * We receive the dbmigrate dependency from dbmigrate initially.
  * This enables us to not have to rely on NODE_PATH.
  */
exports.setup = function(options, seedLink) {
  dbm = options.dbmigrate;
`;

const META = `
exports._meta = {
  "version": 1
};
`;

const RUN_FILE = `  return new Promise( function( resolve, reject ) {
    fs.readFile(filePath, {encoding: 'utf-8'}, function(err,data){
      if (err) return reject(err);
      console.log('received data: ' + data);

      resolve(data);
    });
  })
  .then(function(data) {
    return db.runSql(data);
  });
`;

const RUN_FILE_UNLESS_IGNORED = `    return new Promise( function( resolve, reject ) {
       fs.readFile(filePath, {encoding: 'utf-8'}, function(err,data){
         if (err) return reject(err);
         console.log('received data: ' + data);

         resolve(data);
       });
    })
    .then(function(data) {
      return db.runSql(data);
    });
`;

/** A new SQL file. */
export const SQL = '/* Replace with your SQL commands */';

/** A new migration, character for character as db-migrate writes it. */
export const JAVASCRIPT = `${HEAD}${RECEIVE}  type = dbm.dataType;
  seed = seedLink;
};

exports.up = function(db) {
  return null;
};

exports.down = function(db) {
  return null;
};
${META}`;

/** A new migration that runs the SQL files of its name. */
export function sqlLoader(name: string): string {
  return `${HEAD}var fs = require('fs');
var path = require('path');
var Promise;
${RECEIVE}  type = dbm.dataType;
  seed = seedLink;
  Promise = options.Promise;
};

exports.up = function(db) {
  var filePath = path.join(__dirname, 'sqls', '${name}-up.sql');
${RUN_FILE}};

exports.down = function(db) {
  var filePath = path.join(__dirname, 'sqls', '${name}-down.sql');
${RUN_FILE}};
${META}`;
}

/** The same, but it goes up only where `--ignore-on-init` is not given. */
export function sqlLoaderIgnoredOnInit(name: string): string {
  return `${HEAD}var fs = require('fs');
var path = require('path');
var ignoreOnInit = false;
var Promise;
${RECEIVE}  ignoreOnInit = options.ignoreOnInit;
  type = dbm.dataType;
  seed = seedLink;
  Promise = options.Promise;
};

exports.up = function(db, callback) {
  var filePath = path.join(__dirname + '/sqls/${name}-up.sql');
  if (!ignoreOnInit) {
${RUN_FILE_UNLESS_IGNORED}  }
  else {
   console.log('ignoring on init: ' + filePath)
   return null;
  }
};

exports.down = function(db, callback) {
  var filePath = path.join(__dirname + '/sqls/${name}-down.sql');
${RUN_FILE}};
${META}`;
}
