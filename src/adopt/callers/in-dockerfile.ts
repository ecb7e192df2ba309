import { type Span } from './mentions.js';

const INSTRUCTION = /^[ \t]*(?:RUN|CMD|ENTRYPOINT)[ \t]+(?=[^[\s-])/i;

/**
 * The commands of a Dockerfile that a shell runs as they stand: those in shell form, without flags,
 * over several lines perhaps. A Dockerfile that chooses its own shell or escape character has none.
 */
export function scriptsInDockerfile(text: string): Span[] {
  if (/^[ \t]*(?:SHELL\b|#[ \t]*escape[ \t]*=)/im.test(text)) return [];
  const scripts: Span[] = [];
  let start = 0;
  for (const instruction of text.split(/(?<=\n)(?<!\\[ \t]*\r?\n)/)) {
    const [head] = INSTRUCTION.exec(instruction) ?? [];
    // Docker takes comments out from between the lines of one instruction; a shell would not.
    if (head !== undefined && !/\n[ \t]*#/.test(instruction)) {
      scripts.push({ start: start + head.length, end: start + instruction.trimEnd().length });
    }
    start += instruction.length;
  }
  return scripts;
}
