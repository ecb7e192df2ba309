// Reads and judges a Dockerfile: its syntax, and what we want of every image.
import { createRequire } from 'node:module';
import { imageProblem, isPlainSecret } from './images.mjs';

const { validate } = createRequire(import.meta.url)('dockerfile-utils');

/** The instructions in their order: `{ name, text, line }`, continued lines joined. */
export function readInstructions(content) {
  const instructions = [];
  let open;
  for (const [index, line] of content.split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const isContinued = line.endsWith('\\');
    const text = isContinued ? line.slice(0, -1) : line;
    if (open) {
      open.text += text;
    } else {
      const [, name, rest] = /^\s*(\w+)\s*(.*)$/.exec(text) ?? [undefined, text, ''];
      instructions.push({ name: name.toUpperCase(), text: rest, line: index + 1 });
    }
    open = isContinued ? instructions.at(-1) : undefined;
  }
  return instructions;
}

/** What is wrong, a line a finding. */
export function lintDockerfile(content) {
  const syntax = validate(content).map(
    ({ range, message }) => `line ${range.start.line + 1}: ${message}`,
  );
  const instructions = readInstructions(content);
  return [...syntax, ...judgeStages(instructions), ...judgeImage(lastStage(instructions))];
}

function lastStage(instructions) {
  const start = instructions.findLastIndex(({ name }) => name === 'FROM');
  return instructions.slice(Math.max(start, 0));
}

function judgeStages(instructions) {
  const findings = [];
  const stages = new Set();
  for (const { name, text, line } of instructions) {
    if (name === 'FROM') {
      const [image, , stage] = text.split(/\s+/);
      const problem = stages.has(image) ? undefined : imageProblem(image);
      if (problem) findings.push(`line ${line}: ${problem}`);
      if (stage) stages.add(stage);
    }
    const [, source] = /--from=(\S+)/.exec(text) ?? [];
    if (name === 'COPY' && source && !stages.has(source)) {
      findings.push(`line ${line}: there is no stage "${source}" above`);
    }
    if (name === 'ENV' || name === 'ARG') {
      for (const [, variable, value] of text.matchAll(/(\w+)=("[^"]*"|\S*)/g)) {
        if (isPlainSecret(variable, value)) {
          findings.push(`line ${line}: ${variable} is a secret in the image`);
        }
      }
    }
    if (name === 'RUN' && /\bnpm (i|install)\b/.test(text)) {
      findings.push(`line ${line}: npm ci keeps to the lock file, npm install does not`);
    }
  }
  return findings;
}

/** What the image that runs must be. */
function judgeImage(stage) {
  const findings = [];
  const last = (name) => stage.findLast((instruction) => instruction.name === name);
  const user = last('USER')?.text.trim();
  if (user === undefined) findings.push('the image runs as root: there is no USER');
  else if (/^(root|0)(:|$)/.test(user)) findings.push('the image runs as root');
  if (!last('HEALTHCHECK')) findings.push('there is no HEALTHCHECK');
  const command = last('CMD') ?? last('ENTRYPOINT');
  if (!command?.text.startsWith('[')) {
    findings.push('CMD is not a list: a shell would stand between the signals and the program');
  }
  return findings;
}
