const { availableParallelism } = require('node:os');

/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/tests/**/*.test.{ts,mjs}', '<rootDir>/backend/tests/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/tests/fixtures/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
  transform: {
    '^.+\\.(ts|mjs)$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  globalSetup: '<rootDir>/tests/support/global-setup.ts',
  testSequencer: '<rootDir>/tests/support/sequencer.js',
  globalTeardown: '<rootDir>/tests/support/global-teardown.ts',
  // The tests wait for servers and processes often enough to keep one more than there are cores.
  // More than eight would use up the server's connections.
  maxWorkers: Math.min(availableParallelism() + 1, 8),
  // One limit for all, far above what any takes: it ends what hangs, and measures nothing.
  testTimeout: 600_000,
  testEnvironment: '<rootDir>/tests/support/environment.ts',
};
