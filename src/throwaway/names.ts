import { createHash, randomBytes } from 'node:crypto';

/*
 * All names are plain identifiers, whatever the project is called, and fit into 63 bytes. A temporary
 * database has its owner's id in its name, and a checksum of the name, so that nothing that somebody
 * has made by hand is taken for one of ours.
 */

/** What a temporary database is for: a test, a template that is being built, or migrations to try out. */
export type Purpose = 'test' | 'building' | 'shadow';

const PURPOSES: readonly Purpose[] = ['test', 'building', 'shadow'];

/** What the name of a temporary database tells. */
export interface TemporaryName {
  name: string;
  purpose: Purpose;
  /** The id of the process's claim on it. */
  owner: string;
}

const PREFIX = 'knexward_';
const TEMPORARY_LABEL = 12;
const TEMPORARY = /^knexward_(test|building|shadow)_([a-z0-9_]*)_([1-7][0-9a-f]{15})_([0-9a-z]+)_/;

/** What finds the names of temporary databases, in `like`. */
export const TEMPORARY_PATTERNS = PURPOSES.map((purpose) =>
  `${PREFIX}${purpose}_%`.replaceAll('_', '\\_'),
);

/** An owner's id: 63 bits that are a positive bigint, in hexadecimal without a leading zero. */
export function newOwner(): string {
  const bytes = randomBytes(8);
  bytes[0] = 0x10 + ((bytes[0] as number) % 0x70);
  return bytes.toString('hex');
}

/** The name of an owner's n-th database. */
export function temporaryName(
  purpose: Purpose,
  project: string,
  owner: string,
  count: number,
): string {
  const label = labelOf(project, TEMPORARY_LABEL);
  const start = `${PREFIX}${purpose}_${label}_${owner}_${count.toString(36)}_`;
  return start + checksumOf(start);
}

/** Reads the name of a temporary database; `undefined` for every other one. */
export function readTemporary(name: string): TemporaryName | undefined {
  const [start, purpose, , owner] = TEMPORARY.exec(name) ?? [];
  if (start === undefined || owner === undefined || name !== start + checksumOf(start))
    return undefined;
  return { name, purpose: purpose as Purpose, owner };
}

function checksumOf(start: string): string {
  return createHash('sha256').update(start).digest('hex').slice(0, 8);
}

/** A project's name as a part of an identifier. */
export function labelOf(project: string, length: number): string {
  const plain = project.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  const cut = plain.replace(/^_+/, '').slice(0, length).replace(/_+$/, '');
  return cut === '' ? 'app' : cut;
}
