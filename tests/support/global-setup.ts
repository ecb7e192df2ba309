import { rmSync } from 'node:fs';
import { createJiti } from 'jiti';
import type * as PostgresAddress from './postgres-address.js';
import type * as PostgresServer from './postgres-server.js';
import type * as Scratch from './scratch.js';
import type * as Sizes from './sizes.js';

declare global {
  /** Takes back what the setup has made. */
  var endOfTests: (() => Promise<void>) | undefined;
}

/**
 * Makes the folder for all that the tests write, and starts their PostgreSQL server in it. Its
 * modules are loaded with jiti, because Jest does not apply its `moduleNameMapper`, which leads
 * from `.js` to `.ts`, to what a global setup imports.
 */
export default async function globalSetup(): Promise<void> {
  const jiti = createJiti(__filename);
  const { makeScratchFolder } = await jiti.import<typeof Scratch>('./scratch.ts');
  const variables = await jiti.import<typeof PostgresAddress>('./postgres-address.ts');
  const { startTestServer } = await jiti.import<typeof PostgresServer>('./postgres-server.ts');
  const { AMOUNT, SEED } = await jiti.import<typeof Sizes>('./sizes.ts');

  const temporaryFolder = process.env['TMPDIR'];
  const scratch = makeScratchFolder();
  removeWhenInterrupted(scratch);
  // What the tests and all their programs take for the folder of temporary files.
  process.env['TMPDIR'] = scratch;
  const server = await startTestServer(scratch);
  globalThis.endOfTests = async () => {
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
    // With --watch the setup runs again in this process.
    if (temporaryFolder === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = temporaryFolder;
  };
  process.env[variables.TEST_SERVER_VARIABLE] = JSON.stringify(server.address);
  process.env[variables.TEST_SERVER_LOG_VARIABLE] = server.log;
  process.env['KNEXWARD_TEST_SEED'] = String(SEED);
  process.stderr.write(
    `${TELLS[AMOUNT]} Seed ${SEED}; ` + `to draw the same again: KNEXWARD_TEST_SEED=${SEED}\n`,
  );
}

const TELLS: Record<string, string> = {
  sample: "A day's sample; everything: npm run test:all.",
  ci: 'As CI runs it; everything: npm run test:all.',
  all: 'All tests.',
};

/** Jest runs no teardown when it is interrupted. Without its data the server ends by itself. */
function removeWhenInterrupted(scratch: string): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      rmSync(scratch, { recursive: true, force: true, maxRetries: 10 });
      process.kill(process.pid, signal);
    });
  }
}
