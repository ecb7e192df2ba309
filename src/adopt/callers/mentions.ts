/** A place in a text. */
export interface Span {
  start: number;
  end: number;
}

/** Not where it is a part of another name, or the name of a script. */
const PROGRAM = String.raw`(?<![\w.:]|[\w-]-|[^\s@+-]@|npm run )db-migrate(?:@[\w.^~-]+|\.cmd)?`;
const SEPARATORS = String.raw`(?:["'\s,[\\]|-\s)+`;
const FIRST_ARGUMENT = String.raw`(?:(?:up|down|reset|check|create|sync|db|seed|transition)(?![\w-])|--?[a-z]|"?\$)`;

/** db-migrate followed by what it is told, also as a list of JSON or YAML. */
const CALL = new RegExp(PROGRAM + SEPARATORS + FIRST_ARGUMENT, 'g');
/** A list that holds the program alone: its arguments come from somewhere else. */
const ALONE = /(?<=\[\s*["'](?:[^"'\s]*\/)?)db-migrate(?=["']\s*\])/g;
/** A package manager that is told to install it; bounded, for a file that is one long line. */
const INSTALLATION =
  /\b(?:npm|yarn|pnpm|bun)\b[^\n&|;]{0,100}\b(?:i|install|add)\b[^\n&|;#]{0,200}[\s"',]db-migrate(?![\w.])/g;

/** Whether a text installs db-migrate for the whole machine, so that it may be called by its name. */
export function installsGlobally(text: string): boolean {
  return matches(text, INSTALLATION).some(({ start, end }) =>
    /\s(?:-g|--global|global|--location=global)\b/.test(text.slice(start, end)),
  );
}

/** The places where a text calls db-migrate, comments left out. */
export function findCalls(text: string): Span[] {
  return [...matches(text, CALL), ...matches(text, ALONE)].sort((a, b) => a.start - b.start);
}

/** The places where a text installs db-migrate, comments left out. */
export function findInstallations(text: string): Span[] {
  return matches(text, INSTALLATION);
}

/** The places where a text names a file, comments left out. */
export function findFileName(text: string, name: string): Span[] {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return matches(text, new RegExp(`(?<![\\w.-])${escaped}(?![\\w.-])`, 'g'));
}

function matches(text: string, pattern: RegExp): Span[] {
  return [...text.matchAll(pattern)]
    .map(({ 0: found, index }) => ({ start: index, end: index + found.length }))
    .filter(({ start }) => !isComment(text, start));
}

/** Whether what stands there is a comment: of a shell, of JavaScript, of Groovy. */
export function isComment(text: string, at: number): boolean {
  const before = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  return /(?:^|\s)(?:#|\/\/)|^\s*\*/.test(before);
}

/** The number of the line, from 1, that a place is in. */
export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}
