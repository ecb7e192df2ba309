export { findBinaries, type Binaries } from './binaries.js';
export { stopKept } from './stop-kept.js';
export { startEmbedded, type EmbeddedOptions, type EmbeddedServer } from './server.js';
