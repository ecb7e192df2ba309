export { findBinaries, type Binaries } from './binaries.js';
export { startEmbedded, type EmbeddedOptions, type EmbeddedServer } from './server.js';
