/*
 * Many databases or schemas with the same migrations, migrated as one. What lives here: the targets
 * (targets.ts, target-config.ts), who of them needs anything (sweep.ts), in which order they come
 * (waves.ts, in-turn.ts), and the verbs (up.ts, status.ts). Each target is migrated by `run/`, with
 * its own lock and history; nothing in here changes one.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ClientBase, escapeLiteral, type QueryConfig } from 'pg';
import { askProject } from '../config/ask-project.js';
import { type FleetSettings, type FleetTarget } from '../config/fleet.js';
import { type ResolvedConfig } from '../config/resolve.js';
import { schemasOf, searchPathText } from '../database/search-path.js';
import { KnexwardError } from '../errors.js';
import { NAME_LENGTH } from '../history/tables.js';
import { parseJson } from '../json.js';
import { rememberName } from '../printable.js';
import { reasonOf } from '../server-error.js';

/** A target as it was given, checked. */
export interface Target {
  id: string;
  schema: string | null;
  /** `null`: the database is the knexfile's. */
  connection: FleetTarget['connection'] | null;
  labels: Readonly<Record<string, string | number>>;
}

/** @throws KnexwardError `USAGE` where the knexfile says nothing of a fleet */
export function fleetOf({ settings, knexfile }: ResolvedConfig): FleetSettings {
  if (settings.fleet) return settings.fleet;
  throw new KnexwardError('USAGE', {
    message: `${knexfile === null ? 'The configuration' : `The knexfile ${knexfile}`} has no knexward.fleet: there are no targets.`,
    fix: "Say where they are, such as knexward: { fleet: { targets: 'select id, schema from tenants' } }.",
  });
}

/**
 * Reads the targets, in the order in which they are given. Changes nothing.
 *
 * @param client a connection to the knexfile's own database
 * @throws KnexwardError `FLEET_TARGETS` where they cannot be read, or one of them is invalid;
 * `KNEXFILE_BROKEN` where a function of the knexfile throws
 */
export async function readTargets(config: ResolvedConfig, client: ClientBase): Promise<Target[]> {
  const { targets: source } = fleetOf(config);
  let given: unknown = source;
  if (typeof source === 'function') {
    given = await askProject("The knexfile's function knexward.fleet.targets", source);
  } else if (typeof source === 'string') {
    given = await queryTargets(client, config, source);
  } else if ('file' in source) {
    given = await targetsInFile(resolve(config.workingDirectory, source.file));
  }
  if (!Array.isArray(given)) throw invalid('What was given for them is no list.');
  return checkTargets(given);
}

/** In a transaction that can only read: a list of targets changes nothing. */
async function queryTargets(
  client: ClientBase,
  { knex }: ResolvedConfig,
  query: string,
): Promise<unknown[]> {
  const schemas = schemasOf(knex);
  const path = schemas && escapeLiteral(searchPathText(schemas));
  try {
    await client.query(
      `begin read only${path === null ? '' : `; select set_config('search_path', ${path}, true)`}`,
    );
    // The extended protocol takes one statement, which cannot end the transaction and begin another.
    const asked: QueryConfig & { queryMode: 'extended' } = { text: query, queryMode: 'extended' };
    return (await client.query<Record<string, unknown>>(asked)).rows;
  } catch (error) {
    throw invalid(`The query for them failed: ${reasonOf(error)}`, error);
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

/** One list in JSON, or a target in each line. */
async function targetsInFile(path: string): Promise<unknown> {
  try {
    const text = await readFile(path, 'utf8');
    if (/^\uFEFF?\s*\[/.test(text)) return parseJson(text);
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
    return lines.map((line) => parseJson(line));
  } catch (error) {
    // What JSON.parse says quotes the text, which may hold a connection.
    const reason = error instanceof SyntaxError ? 'it is not JSON' : reasonOf(error);
    throw invalid(`The file ${path} cannot be read: ${reason}`);
  }
}

/**
 * Checks what was given, whatever gave it. No message shows a connection.
 *
 * @throws KnexwardError `FLEET_TARGETS`
 */
export function checkTargets(given: readonly unknown[]): Target[] {
  const targets = given.map(checkTarget);
  const ids = new Map<string, Target>();
  const places = new Map<string, Target>();
  for (const target of targets) {
    if (ids.has(target.id)) throw invalid(`Two of them have the id "${target.id}".`);
    ids.set(target.id, target);
    const place = JSON.stringify([target.schema, target.connection]);
    const other = places.get(place);
    if (other && typeof target.connection !== 'function') {
      throw invalid(`"${other.id}" and "${target.id}" are the same schema or database.`);
    }
    places.set(place, target);
  }
  return targets;
}

/** It is shown everywhere: a connection in its place would be, too. */
const LIKE_A_CONNECTION = /^\s*[a-z][a-z0-9+.-]*:\/\/|:[^\s/@]+@|\bpassword\s*=/i;

function checkTarget(given: unknown, index: number): Target {
  const at = `The ${ordinal(index + 1)} of them`;
  if (typeof given !== 'object' || given === null) throw invalid(`${at} is no object.`);
  const { id, schema, connection, labels } = given as Record<string, unknown>;
  const name = typeof id === 'number' || typeof id === 'bigint' ? String(id) : id;
  if (typeof name !== 'string' || name.trim() === '') throw invalid(`${at} has no id.`);
  if (name.includes('\0') || LIKE_A_CONNECTION.test(name)) {
    throw invalid(`${at} has an id that looks like a connection, or that no database can keep.`);
  }
  rememberName(name);
  return {
    id: name,
    schema: checkSchema(schema, name),
    connection: checkConnection(connection, isGiven(schema), name),
    labels: checkLabels(labels, name),
  };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function checkSchema(schema: unknown, id: string): string | null {
  if (!isGiven(schema)) return null;
  if (typeof schema !== 'string' || schema.trim() === '' || schema.includes('\0'))
    throw invalid(`The schema of "${id}" is empty, or no text.`);
  // In a search path, the server takes the one for the role's own, and cuts the other off.
  if (schema === '$user' || Buffer.byteLength(schema) > NAME_LENGTH)
    throw invalid(`The schema of "${id}" is $user, or longer than ${NAME_LENGTH} bytes.`);
  rememberName(schema);
  return schema;
}

function checkConnection(given: unknown, hasSchema: boolean, id: string): Target['connection'] {
  if (!isGiven(given)) {
    if (hasSchema) return null;
    throw invalid(`"${id}" has neither a schema nor a connection.`);
  }
  const isKind = ['string', 'object', 'function'].includes(typeof given);
  if (!isKind || given === '' || Array.isArray(given))
    throw invalid(`The connection of "${id}" is empty, or none.`);
  return given as Target['connection'];
}

function checkLabels(labels: unknown, id: string): Target['labels'] {
  if (!isGiven(labels)) return {};
  const isLabel = (value: unknown): boolean => ['string', 'number'].includes(typeof value);
  const isObject = typeof labels === 'object' && !Array.isArray(labels);
  if (!isObject || !Object.values(labels as object).every(isLabel))
    throw invalid(`The labels of "${id}" are no object of texts and numbers.`);
  return labels as Target['labels'];
}

/**
 * The targets of these ids, in their own order.
 *
 * @throws KnexwardError `USAGE` for an id that none of them has
 */
export function selectTargets(
  targets: readonly Target[],
  ids: readonly string[] | null,
): readonly Target[] {
  if (ids === null) return targets;
  const known = new Set(targets.map(({ id }) => id));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined) {
    throw new KnexwardError('USAGE', {
      message: `The fleet has no target "${unknown}". Nothing was changed.`,
      fix: `Give the id of one of its ${targets.length} targets.`,
    });
  }
  const wanted = new Set(ids);
  return targets.filter(({ id }) => wanted.has(id));
}

function ordinal(place: number): string {
  const [, ten = '', one = ''] = /(\d?)(\d)$/.exec(String(place)) ?? [];
  const end = ten === '1' ? undefined : { 1: 'st', 2: 'nd', 3: 'rd' }[one];
  return `${place}${end ?? 'th'}`;
}

function invalid(reason: string, cause?: unknown): KnexwardError {
  return new KnexwardError('FLEET_TARGETS', {
    message: `The targets of the fleet cannot be used. ${reason} Nothing was changed.`,
    fix: 'Correct what knexward.fleet.targets in the knexfile leads to: each target is { id, schema } or { id, connection }, with an id of its own.',
    ...(cause !== undefined && { cause }),
  });
}
