import { type Command } from 'commander';
import { KnexwardError } from '../errors.js';
import { rememberName } from '../printable.js';
import { keepSecret } from '../secrets.js';

/*
 * The values on a command line, as somebody gave them: an unset variable makes one empty, and a
 * connection URL may stand where a name belongs. Neither is taken for what it is not.
 */

/** The only option that a connection belongs to. */
const TAKES_CONNECTION = '--url';

const CONNECTION = /^\s*[a-z][a-z0-9+.-]*:\/\/[^\s@]*@|^\s*(?:postgres|postgresql|pg):\/\//i;
/** Up to the last "@": a password may hold any character, whether it is allowed there or not. */
const WITH_PASSWORD = /:\/\/(?<user>[^:/@]*):(?<password>.+)@(?<rest>[^@]*)$/s;

/** Keeps the passwords of URLs in a command line from being shown, wherever the URL stands in it. */
export function keepSecretsIn(argv: readonly string[]): void {
  for (const word of argv) {
    rememberName(word);
    const { user, password, rest = '' } = WITH_PASSWORD.exec(word)?.groups ?? {};
    keepSecret(password, [user, ...rest.split(/[/:?]/)]);
  }
}

/**
 * Looks at the values of a command before it begins.
 *
 * @throws KnexwardError `USAGE` for an empty value, and for a connection URL in the place of something
 * else: the message does not show it
 */
export function refuseOddValues(command: Command): void {
  for (const option of command.options) {
    const flag = option.long ?? option.short ?? option.name();
    // Some may be given several times.
    for (const value of [command.getOptionValue(option.attributeName()) as unknown].flat()) {
      if (typeof value !== 'string') continue;
      if (value.trim() === '') throw empty(flag);
      if (flag !== TAKES_CONNECTION && CONNECTION.test(value)) throw misplaced(flag);
    }
  }
  command.registeredArguments.forEach((argument, index) => {
    const value: unknown = command.processedArgs[index];
    if (typeof value !== 'string') return;
    // What has to be given is looked at by its command, which knows what a name may be.
    if (value.trim() === '' && !argument.required) throw empty(`[${argument.name()}]`);
    if (CONNECTION.test(value)) throw misplaced(`The argument ${argument.name()}`);
  });
}

function empty(what: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `${what} is empty. Nothing was changed.`,
    fix: 'Set the variable that it comes from, or leave it out.',
  });
}

function misplaced(what: string): KnexwardError {
  return new KnexwardError('USAGE', {
    message: `${what} was given a connection URL. Nothing was changed.`,
    fix: `Give a connection with ${TAKES_CONNECTION}.`,
  });
}
