import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { TEST_SERVER_LOG_VARIABLE } from './postgres-address';

/** More than a person reads; the end is what matters. */
const MOST_BYTES = 8_000;

/** The log of the server that all tests share: each error, with its database and its statement. */
export class ServerLog {
  private constructor(private readonly path: string) {}

  /** `undefined` where no server was started for the tests. */
  static ofTestServer(): ServerLog | undefined {
    const path = process.env[TEST_SERVER_LOG_VARIABLE];
    return path === undefined ? undefined : new ServerLog(path);
  }

  /** How long it is by now, in bytes. */
  size(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** What was written since it was that long; the last part of it where that is much. */
  since(start: number): string {
    if (!existsSync(this.path)) return '';
    const file = openSync(this.path, 'r');
    try {
      const { size } = fstatSync(file);
      const from = Math.max(start, size - MOST_BYTES);
      const buffer = Buffer.alloc(Math.max(0, size - from));
      readSync(file, buffer, 0, buffer.length, from);
      return buffer.toString('utf8').trimEnd();
    } finally {
      closeSync(file);
    }
  }
}
