export { connect, type Driver, type DriverConfig } from './driver/connect.js';
export { type Internals } from './driver/internals.js';
export { type MigrationLog } from './driver/log.js';
