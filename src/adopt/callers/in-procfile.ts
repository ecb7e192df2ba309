import { type Span } from './mentions.js';

/** The commands of a Procfile: `name: command`, a line each. */
export function scriptsInProcfile(text: string): Span[] {
  return [...text.matchAll(/^([\w-]+:[ \t]*)(\S.*?)[ \t\r]*$/gm)].map(
    ({ index, 1: name = '', 2: command = '' }) => {
      const start = index + name.length;
      return { start, end: start + command.length };
    },
  );
}
