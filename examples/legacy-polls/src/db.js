'use strict';

const { Pool } = require('pg');

// The same variables that database.json names for db-migrate.
const prefix = ['production', 'test'].includes(process.env.NODE_ENV) ? 'DB' : 'POSTGRES';
const name = prefix === 'DB' ? 'DB_NAME' : 'POSTGRES_DB';

module.exports = new Pool({
  host: process.env[`${prefix}_HOST`],
  port: process.env[`${prefix}_PORT`],
  database: process.env[name],
  user: process.env[`${prefix}_USER`],
  password: process.env[`${prefix}_PASSWORD`],
});
