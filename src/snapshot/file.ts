import { parseJson } from '../json.js';
import { KnexwardError } from '../errors.js';
import {
  type Catalog,
  type CatalogObject,
  idOf,
  inCatalogOrder,
  objectOf,
  type NotDescribed,
  OBJECT_KINDS,
  type ObjectId,
  type ObjectKind,
} from '../schema/catalog/model.js';
import { joinLines, type Json, layOut } from './layout.js';

/** The version of the file's format: goes up when an older knexward could not read it. */
const FORMAT = 1;

const COMMENT = 'comment';
/** A comment on a piece of an object, such as the index behind a constraint. */
const COMMENT_ON = 'comment on ';

interface Block {
  kind: ObjectKind;
  name: string;
  comment?: string;
  privileges?: Record<string, object>;
  members?: Block[];
  [part: string]: unknown;
}

interface SnapshotDocument {
  knexward: 'snapshot';
  format: number;
  postgres: number;
  notDescribed: NotDescribed[];
  objects: Block[];
}

/**
 * A catalog as a file for people and programs: JSON, a block an object, sorted, with what belongs
 * to an object inside its block. Two databases that hold the same give the same bytes.
 */
export function renderSnapshot({ postgres, objects, notDescribed }: Catalog): string {
  const members = new Map<ObjectId | null, CatalogObject[]>();
  for (const object of objects) {
    const siblings = members.get(object.parent);
    if (siblings) siblings.push(object);
    else members.set(object.parent, [object]);
  }
  const document: SnapshotDocument = {
    ...{ knexward: 'snapshot', format: FORMAT, postgres },
    notDescribed: [...notDescribed],
    objects: (members.get(null) ?? []).map((object) => blockOf(object, members)),
  };
  return `${layOut(document as unknown as Json)}\n`;
}

function blockOf(object: CatalogObject, all: Map<ObjectId | null, CatalogObject[]>): Block {
  const members = all.get(idOf(object)) ?? [];
  const block: Block = { kind: object.kind, name: object.own, ...object.parts };
  const privileges: Record<string, object> = {};
  const inner: Block[] = [];
  for (const member of members) {
    if (member.kind === 'comment') {
      block[member.own === '' ? COMMENT : COMMENT_ON + member.own] = member.parts.text;
    } else if (member.kind === 'privileges') privileges[member.own] = member.parts;
    else inner.push(blockOf(member, all));
  }
  return {
    ...block,
    ...(Object.keys(privileges).length > 0 && { privileges }),
    ...(inner.length > 0 && { members: inner }),
  };
}

/**
 * Reads a snapshot's file.
 *
 * @throws KnexwardError `SNAPSHOT_FILE` where the text is none, or one of a later version.
 */
export function parseSnapshot(text: string, path: string): Catalog {
  const document = documentIn(text, path) as Partial<SnapshotDocument> | null;
  if (document?.knexward !== 'snapshot' || !Array.isArray(document.objects)) {
    throw broken(path, 'it is not a snapshot of a schema');
  }
  if (document.format !== FORMAT) {
    throw broken(
      path,
      `its format is ${String(document.format)}, and this knexward reads ${FORMAT}`,
    );
  }
  const objects: CatalogObject[] = [];
  for (const block of document.objects) collect(block, null, objects, path);
  return {
    postgres: Number(document.postgres),
    objects: inCatalogOrder(objects),
    notDescribed: document.notDescribed ?? [],
    dependencies: new Map(),
  };
}

/** Whether a text is a snapshot's, readable or not, so that nothing else is written over. */
export function isSnapshot(text: string): boolean {
  return /^\s*\{\s*"knexward":\s*"snapshot"/.test(text);
}

function documentIn(text: string, path: string): unknown {
  try {
    return joinLines(parseJson(text));
  } catch (error) {
    throw broken(path, `it is no JSON (${(error as Error).message})`);
  }
}

function collect(
  block: Block,
  parent: CatalogObject | null,
  objects: CatalogObject[],
  path: string,
): void {
  if (typeof block !== 'object' || block === null) throw broken(path, 'a block of it is none');
  const { kind, name, privileges = {}, members = [], ...rest } = block;
  if (!OBJECT_KINDS.includes(kind) || typeof name !== 'string' || !Array.isArray(members)) {
    throw broken(
      path,
      `it holds a block without a kind or a name that are known (${String(kind)})`,
    );
  }
  const parts: Record<string, unknown> = {};
  const comments: [own: string, text: unknown][] = [];
  for (const [key, value] of Object.entries(rest)) {
    if (key === COMMENT) comments.push(['', value]);
    else if (key.startsWith(COMMENT_ON)) comments.push([key.slice(COMMENT_ON.length), value]);
    else parts[key] = value;
  }
  const object = objectOf(kind, name, parent, parts);
  objects.push(object);
  for (const [own, text] of comments) objects.push(objectOf('comment', own, object, { text }));
  for (const [role, rights] of Object.entries(privileges)) {
    objects.push(objectOf('privileges', role, object, rights));
  }
  for (const member of members) collect(member, object, objects, path);
}

function broken(path: string, reason: string): KnexwardError {
  return new KnexwardError('SNAPSHOT_FILE', {
    message: `${path} cannot be used as a snapshot: ${reason}.`,
    fix: 'Name another file, or restore this one from version control.',
  });
}
