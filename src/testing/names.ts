import { createHash, randomBytes } from 'node:crypto';

/*
 * All names are plain identifiers, whatever the project is called, and fit into 63 bytes. A database
 * of the moment has its owner's id in its name, and a seal, so that nothing that somebody has made
 * by hand is ever taken for one of ours: the name is there before a comment could be.
 */

/** What a database of the moment is for: a test, or a template that is only being built. */
export type Purpose = 'test' | 'building';

/** What the name of a database of the moment tells. */
export interface Momentary {
  name: string;
  purpose: Purpose;
  /** The id of the process's claim that it lives by. */
  owner: string;
}

const PREFIX = 'knexward_';
const TEMPLATE_LABEL = 24;
const MOMENTARY_LABEL = 12;
const MOMENTARY = /^knexward_(test|building)_([a-z0-9_]*)_([1-7][0-9a-f]{15})_([0-9a-z]+)_/;

/** What finds the names of databases of the moment, in `like`. */
export const MOMENTARY_PATTERNS = ['test', 'building'].map((purpose) =>
  `${PREFIX}${purpose}_%`.replaceAll('_', '\\_'),
);

/** An owner's id: 63 bits that are a positive bigint, in hexadecimal without a leading zero. */
export function newOwner(): string {
  const bytes = randomBytes(8);
  bytes[0] = 0x10 + ((bytes[0] as number) % 0x70);
  return bytes.toString('hex');
}

/** The name of the template that has this key. */
export function templateName(project: string, key: string): string {
  return `${PREFIX}template_${labelOf(project, TEMPLATE_LABEL)}_${key.slice(0, 16)}`;
}

/** The name of an owner's n-th database. */
export function momentaryName(
  purpose: Purpose,
  project: string,
  owner: string,
  count: number,
): string {
  const label = labelOf(project, MOMENTARY_LABEL);
  const start = `${PREFIX}${purpose}_${label}_${owner}_${count.toString(36)}_`;
  return start + sealOf(start);
}

/** Reads the name of a database of the moment; `undefined` for every other one. */
export function readMomentary(name: string): Momentary | undefined {
  const [start, purpose, , owner] = MOMENTARY.exec(name) ?? [];
  if (start === undefined || owner === undefined || name !== start + sealOf(start))
    return undefined;
  return { name, purpose: purpose as Purpose, owner };
}

function sealOf(start: string): string {
  return createHash('sha256').update(start).digest('hex').slice(0, 8);
}

function labelOf(project: string, length: number): string {
  const plain = project.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  const cut = plain.replace(/^_+/, '').slice(0, length).replace(/_+$/, '');
  return cut === '' ? 'app' : cut;
}
