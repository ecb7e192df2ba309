import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';
import { CommandLinePool } from './command-line/pool';
import { ServerLog } from './server-log';

/** Jest loads this module once a worker, and makes an environment for each test file. */
const commandLinePool = new CommandLinePool();

/** Node.js, with the pool of command lines, and with the server's log in the report of a failure. */
export default class KnexwardEnvironment extends TestEnvironment {
  private readonly serverLog = ServerLog.ofTestServer();
  private startOfTest = 0;

  constructor(...given: ConstructorParameters<typeof TestEnvironment>) {
    super(...given);
    this.global['commandLinePool'] = commandLinePool;
  }

  handleTestEvent(event: Circus.Event): void {
    if (event.name === 'test_start') this.startOfTest = this.serverLog?.size() ?? 0;
    if (event.name !== 'test_done' || event.test.errors.length === 0) return;
    const lines = this.serverLog?.since(this.startOfTest) ?? '';
    if (lines === '') return;
    const report = new Error(`What the server logged meanwhile:
${lines}`);
    // It has no place in the code.
    report.stack = report.message;
    event.test.errors.push(report);
  }
}
