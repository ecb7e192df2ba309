import { type ShellCommand, type ShellOperator } from './shell-words.js';

/*
 * What a script makes of a call's output and of its exit code. The words of the two programs differ, and so do
 * the codes other than 0: whoever reads them has to be changed with the call, which only a person can.
 */

type Tokens = readonly (ShellCommand | ShellOperator)[];

const EXIT_CODE = /\$\?|\$\{\?|PIPESTATUS|%errorlevel%|\bif\s+errorlevel\b/i;
/** What hands the output of a whole script, or of a function, to a reader that stands elsewhere. */
const ELSEWHERE = /\bexec\b[^;&|\n]*>|\bfunction\s+[\w-]+|[\w-]\s*\(\s*\)\s*[({]/;
/** What begins and ends a group of commands: what follows a group is about all of them. */
const BEGINS_GROUP = new Set(['{', 'for', 'while', 'until', 'if', 'case', 'select']);
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
    return "the script reads the exit code ($?), and knexward's exit codes differ; change the script by hand";
  }
  if (ELSEWHERE.test(script)) {
    return 'the script redirects its output or defines a function, so it is not clear who reads the output; change the script by hand';
  }
  const at = tokens.indexOf(command);
  for (const index of [at, ...endsAround(tokens, at)]) {
    const token = tokens[index];
    if (/^\|&?$/.test(operatorOf(tokens[index + 1]) ?? '')) {
      return 'another program reads its output, and knexward prints something else; change the script by hand';
    }
    const redirected = token && 'words' in token ? token : redirectedGroup(tokens[index + 1]);
    if (redirected?.redirections.some((place) => !UNREAD.test(script.slice(place)))) {
      return 'its output goes to a file, and knexward prints something else; change the script by hand';
    }
  }
  return undefined;
}

/** Where the groups end that a command is in. */
function endsAround(tokens: Tokens, at: number): number[] {
  let depth = 0;
  return tokens.flatMap((token, index) => {
    if (index <= at) return [];
    depth += stepOf(token);
    if (depth >= 0) return [];
    depth = 0;
    return [index];
  });
}

/** Up at the beginning of a group, down at its end. */
function stepOf(token: ShellCommand | ShellOperator): number {
  if ('operator' in token) return token.operator === '(' ? 1 : token.operator === ')' ? -1 : 0;
  const word = token.words[0]?.text ?? '';
  return BEGINS_GROUP.has(word) ? 1 : ENDS_GROUP.has(word) ? -1 : 0;
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
