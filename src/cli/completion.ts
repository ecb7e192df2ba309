import { Argument, type Command, type Option } from 'commander';

type Shell = 'bash' | 'zsh' | 'fish';

export function addCompletionCommand(program: Command, complete: () => Promise<Command>): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .description('print a shell completion script')
    .addHelpText(
      'after',
      `
Examples:
  $ knexward completion bash > ~/.local/share/bash-completion/completions/knexward
  $ knexward completion zsh >> ~/.zshrc
  $ knexward completion fish > ~/.config/fish/completions/knexward.fish`,
    )
    .action(async (shell: Shell) => {
      const { commands } = await complete();
      process.stdout.write(shell === 'fish' ? fish(commands) : bash(commands, shell));
    });
}

function wordsOf({ options }: Command): string[] {
  return options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
}

/** zsh runs a function of bash's by its own bashcompinit. */
function bash(commands: readonly Command[], shell: 'bash' | 'zsh'): string {
  const cases = commands.map((command) => {
    const names = [command.name(), ...command.aliases()].map((name) => `'${name}'`).join('|');
    // Of a command with verbs, the verb comes first; all their options do behind it.
    const verbs = command.commands.map((verb) => verb.name());
    const words = [...new Set([command, ...command.commands].flatMap(wordsOf))];
    return `    ${names}) words='${[...verbs, ...words].join(' ')}' ;;`;
  });
  const choices = commands
    .flatMap((command) => [command, ...command.commands])
    .flatMap(({ options }) => options)
    .filter(({ argChoices }) => argChoices)
    .map(
      ({ long, short, argChoices }) =>
        `    ${long ?? short ?? ''}) words='${argChoices?.join(' ')}' ;;`,
    );
  return `${shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_knexward() {
  local words='' current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${commands.map((command) => command.name()).join(' ')} help --help --version'
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
  fi
  case "$previous" in
${[...new Set(choices)].join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _knexward knexward
`;
}

function fish(topmost: readonly Command[]): string {
  const quoted = (text: string): string => `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;
  const offer = (command: Command, where: string): string =>
    `complete -c knexward -n ${where} -a ${command.name()} -d ${quoted(command.description())}`;
  const verbs = topmost.flatMap((command) =>
    command.commands.map((verb) =>
      offer(verb, quoted(`__fish_seen_subcommand_from ${command.name()}`)),
    ),
  );
  const lines = topmost.flatMap((command) => [
    offer(command, '__fish_use_subcommand'),
    ...optionsOf(command).map(({ long, short, description, argChoices }) => {
      const flag = long ? `-l ${long.slice(2)}` : `-s ${short?.slice(1) ?? ''}`;
      const values = argChoices ? ` -xa ${quoted(argChoices.join(' '))}` : '';
      return `complete -c knexward -n '__fish_seen_subcommand_from ${command.name()}' ${flag} -d ${quoted(description)}${values}`;
    }),
  ]);
  return [...lines, ...verbs].map((line) => `${line}\n`).join('');
}

/** A command's options, with those of its verbs. */
function optionsOf(command: Command): Option[] {
  const all = [command, ...command.commands].flatMap(({ options }) => options);
  return all.filter(({ flags }, index) => all.findIndex((each) => each.flags === flags) === index);
}
