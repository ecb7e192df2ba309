import { DB_MIGRATE } from 'knexward/compat';
import { getInstance } from './get-instance.js';

const { version, dataType } = DB_MIGRATE;

// A plain CommonJS object, without the mark of a compiled ES module: programs that were compiled
// with a default import of db-migrate look for that mark.
export = { version, dataType, getInstance };
