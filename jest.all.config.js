// Everything, where `npm test` takes a sample of what is exhaustive or generated: tests/support/sizes.ts.
process.env.KNEXWARD_TESTS ??= 'all';

module.exports = require('./jest.config.js');
