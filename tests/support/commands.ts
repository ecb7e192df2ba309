import { type Command } from 'commander';
import { createProgram } from '../../src/cli/main';

/** A command that does something: of one with verbs, each of them. */
export interface Leaf {
  /** The words that call it. */
  words: string[];
  command: Command;
}

/** Every command that does something. */
export async function leaves(): Promise<Leaf[]> {
  const { commands } = await createProgram();
  return commands.flatMap((command) => {
    const { commands: verbs } = command;
    if (verbs.length === 0) return [{ words: [command.name()], command }];
    return verbs.map((verb) => ({ words: [command.name(), verb.name()], command: verb }));
  });
}
