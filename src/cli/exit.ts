import { format } from 'node:util';
import { StoppedByMigration } from '../errors.js';

/*
 * The process is the command's: how it ends, and with which exit code, is for the command to say. A
 * migration, a hook or a knexfile may call `process.exit`, set `process.exitCode`, or leave a rejection
 * that nobody handles. That stops the run like any failure, and is reported like one.
 */

/** Stops a run; the reason becomes its failure. */
type Stop = (reason: StoppedByMigration) => void;

const running = new Set<Stop>();
let exitCode: number | null = null;
/** What would have ended the process while no run was there to stop. */
let ending: StoppedByMigration | null = null;
const exit: typeof process.exit = process.exit.bind(process);

/** Sets the exit code of this command. What is set later counts. */
export function endWith(code: number): void {
  exitCode = code;
}

/** Sets it where nothing has set it yet. */
export function endWithUnlessSet(code: number): void {
  exitCode ??= code;
}

/** Ends the process at once, with this code. */
export function exitAtOnce(code: number): never {
  // After whatever a migration has left for this moment.
  process.once('exit', () => (process.exitCode = code));
  return exit(code);
}

/** @throws StoppedByMigration where code of the project has done what would otherwise have ended the process */
export function throwWhatEndsTheProcess(): void {
  if (ending) throw ending;
}

/** Has a run stopped by what would otherwise end the process. */
export function stopWithProcess(stop: Stop): () => void {
  running.add(stop);
  if (ending) stop(ending);
  return () => running.delete(stop);
}

/**
 * Runs a command, and returns its exit code.
 *
 * @param onError reports what the command threw, and returns the code that stands for it
 */
export async function runAsProcess(
  command: () => Promise<unknown>,
  onError: (error: unknown) => Promise<number>,
): Promise<number> {
  exitCode = null;
  ending = null;
  let isOver = false;
  const stray = new Promise<never>((_resolve, reject) => {
    const onStray = (reason: StoppedByMigration): void => {
      // A run that is being stopped already is not to be told why its code goes on complaining.
      if (running.size > 0) running.forEach((stop) => stop(reason));
      else if (isOver) console.error(reason.message);
      else reject((ending = reason));
    };
    process.exit = (code) => {
      const error = new StoppedByMigration(`It called process.exit(${code ?? ''}).`);
      // Else whoever called the code, of a knexfile perhaps, is told by what it throws.
      if (running.size > 0) onStray(error);
      throw error;
    };
    const unhandled = (error: unknown): void => onStray(strayError(error));
    process.on('unhandledRejection', unhandled).on('uncaughtException', unhandled);
    process.once('exit', () => {
      // Node.js ends where nothing is left to wait for, with 0.
      if (!isOver) process.exitCode = 1;
    });
  });
  // Nobody waits for it once the command is over.
  stray.catch(() => undefined);
  try {
    await Promise.race([command(), stray]);
  } catch (error) {
    endWithUnlessSet(await onError(error));
  }
  isOver = true;
  return exitCode ?? 0;
}

function strayError(error: unknown): StoppedByMigration {
  if (error instanceof StoppedByMigration) return error;
  const message = error instanceof Error ? error.message : format(error);
  return new StoppedByMigration(`An error that nothing handled: ${message}`, { cause: error });
}
