import { type ShellCommand, type ShellOperator } from './shell-words.js';

/*
 * What a script makes of a call's output and of its exit code. The words of the two programs differ, and so do
 * the codes other than 0: whoever reads them has to be changed with the call, which only a person can.
 */

type Tokens = readonly (ShellCommand | ShellOperator)[];

const EXIT_CODE = /\$\?|\$\{\?|PIPESTATUS|%errorlevel%|\bif\s+errorlevel\b/i;
/** What ends a group of commands: what follows it is about all of them. */
const ENDS_GROUP = new Set(['}', 'done', 'fi', 'esac']);
/** A redirection that hands nobody anything to read: input, another stream of the same, or nowhere. */
const UNREAD =
  /^(?:\d*<|\d*>&\s*[\d-]|(?:\d*>>?|\d*>\||&>>?|\d*>&)\s*(?:\/dev\/null|nul)(?:$|[\s;&|)]))/i;

/**
 * Why a command of a script cannot become another one that says the same in other words; `undefined`
 * where nobody reads what it says.
 */
export function whoReadsOutput(
  script: string,
  tokens: Tokens,
  command: ShellCommand,
): string | undefined {
  if (EXIT_CODE.test(script)) {
    return 'the script looks at its exit code ($?), and knexward has others; rewrite it by hand';
  }
  const at = tokens.indexOf(command);
  const around = tokens.flatMap((token, index) => (index > at && endsGroup(token) ? [index] : []));
  for (const index of [at, ...around]) {
    const token = tokens[index];
    if (/^\|&?$/.test(operatorOf(tokens[index + 1]) ?? '')) {
      return 'another program reads its output, and the words of knexward are others; rewrite it by hand';
    }
    const redirected = token && 'words' in token ? token : redirectedGroup(tokens[index + 1]);
    if (redirected?.redirections.some((place) => !UNREAD.test(script.slice(place)))) {
      return 'its output goes to a file, and the words of knexward are others; rewrite it by hand';
    }
  }
  return undefined;
}

function endsGroup(token: ShellCommand | ShellOperator): boolean {
  if ('operator' in token) return token.operator === ')';
  return ENDS_GROUP.has(token.words[0]?.text ?? '');
}

/** The redirections of `( … ) > file`. */
function redirectedGroup(
  token: ShellCommand | ShellOperator | undefined,
): ShellCommand | undefined {
  return token && 'words' in token && token.words.length === 0 ? token : undefined;
}

function operatorOf(token: ShellCommand | ShellOperator | undefined): string | undefined {
  return token && 'operator' in token ? token.operator : undefined;
}
