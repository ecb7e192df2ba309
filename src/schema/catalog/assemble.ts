import {
  type Catalog,
  type CatalogObject,
  defaultOf,
  idOf,
  inCatalogOrder,
  objectOf,
  type ObjectId,
  type PartsOf,
} from './model.js';
import { inCanonicalWords } from './canonical.js';
import { withoutInherited } from './inheritance.js';
import { readableRoutine } from './routine.js';
import { plainSequence } from './sequence.js';
import { type AliasRow, type DependencyRow } from './queries/dependencies.js';
import { type NotDescribedRow } from './queries/not-described.js';
import {
  type CommentRow,
  type DefaultPrivilegesRow,
  type GivenPrivilegesRow,
  type PrivilegesRow,
} from './queries/privileges.js';
import { type Address, CLASS, type ObjectRow } from './queries/row.js';

/** All that the queries found. */
export interface CatalogRows {
  objects: ObjectRow[];
  hidden: { class: number; oid: number; isHistory: boolean }[];
  privileges: PrivilegesRow[];
  givenPrivileges: GivenPrivilegesRow[];
  defaultPrivileges: DefaultPrivilegesRow[];
  comments: CommentRow[];
  aliases: AliasRow[];
  dependencies: DependencyRow[];
  notDescribed: NotDescribedRow[];
}

/** Makes a catalog of what the queries found. Pure. */
export function assembleCatalog(postgres: number, rows: CatalogRows): Catalog {
  const builder = new Builder(rows);
  const described = [
    ...builder.described(),
    ...builder.privileges(),
    ...builder.givenPrivileges(),
    ...builder.defaultPrivileges(),
    ...builder.comments(),
  ];
  const objects = inCatalogOrder(withoutInherited(described, builder.inherited));
  return {
    postgres,
    objects,
    notDescribed: builder.notDescribed(),
    dependencies: builder.dependencies(new Set(objects.map(idOf))),
  };
}

class Builder {
  /** The columns that come from a parent table alone. */
  readonly inherited = new Set<ObjectId>();
  private readonly hidden: Set<string>;
  private readonly history: Set<string>;
  private readonly objects = new Map<string, CatalogObject>();
  private readonly aliases: Map<string, AliasRow>;
  private readonly unknown: { kind: string; name: string }[] = [];

  constructor(private readonly rows: CatalogRows) {
    this.hidden = new Set(rows.hidden.map(({ class: of, oid }) => keyOf({ class: of, oid })));
    this.history = new Set(rows.hidden.filter(({ isHistory }) => isHistory).map(keyOf));
    this.aliases = new Map(rows.aliases.map((alias) => [keyOf(alias), alias]));
  }

  described(): CatalogObject[] {
    for (const row of this.rows.objects) {
      const address = { class: row.class, oid: row.oid, sub: row.sub ?? 0 };
      if (this.hidden.has(keyOf(row))) continue;
      const parent = this.parentOf(row);
      if (parent === undefined) continue;
      const object = inCanonicalWords(objectOf(row.kind, row.own, parent, partsIn(row)));
      this.objects.set(keyOf(address), object);
      if (row.inherited) this.inherited.add(idOf(object));
    }
    return [...this.objects.values()];
  }

  /** `undefined` where it is not described, so that neither is what belongs to it. */
  private parentOf({ parent_class, parent_oid }: ObjectRow): CatalogObject | null | undefined {
    if (parent_class === undefined || parent_oid === undefined) return null;
    return this.find({ class: parent_class, oid: parent_oid, sub: 0 });
  }

  privileges(): CatalogObject[] {
    return this.rows.privileges.flatMap((row) => {
      const parent = this.objects.get(keyOf(row));
      return parent ? [objectOf('privileges', row.grantee, parent, rightsOf(row))] : [];
    });
  }

  /** They belong to the extension; those on what is the server's own, to nothing. */
  givenPrivileges(): CatalogObject[] {
    return this.rows.givenPrivileges.map((row) => {
      const { on, column, extension, grantee } = row;
      const place = { class: CLASS.extension, oid: extension ?? 0, sub: 0 };
      const parent = extension === null ? null : (this.objects.get(keyOf(place)) ?? null);
      const target = column === null ? on : `${on} (${column})`;
      return objectOf('privileges', `${grantee} on ${target}`, parent, {
        ...{ on, ...(column !== null && { column }), to: grantee },
        ...rightsOf(row),
      });
    });
  }

  defaultPrivileges(): CatalogObject[] {
    return this.rows.defaultPrivileges.map((row) => {
      const { on, schema, role, grantee } = row;
      const by = role === null ? '' : ` by ${role}`;
      const place = schema === null ? '' : ` in ${schema}`;
      return objectOf('default privileges', `${on}${place} to ${grantee}${by}`, null, {
        ...{ on, ...(schema !== null && { schema }), ...(role !== null && { role }), to: grantee },
        ...rightsOf(row),
      });
    });
  }

  /** Also those on an index or a constraint that is described as a fact about something else. */
  comments(): CatalogObject[] {
    return this.rows.comments.flatMap((row) => {
      if (!this.visible(row)) return [];
      const { text } = row;
      const parent = this.objects.get(keyOf(row));
      if (parent) return [objectOf('comment', '', parent, { text })];
      const whole = row.sub === 0 ? this.find(row) : undefined;
      if (row.class === CLASS.relation && whole?.kind === 'constraint') {
        return [objectOf('comment', 'index', whole, { text })];
      }
      if (
        row.class === CLASS.constraint &&
        (whole?.kind === 'column' || whole?.kind === 'domain')
      ) {
        return [objectOf('comment', 'not null', whole, { text })];
      }
      this.unknown.push({ kind: 'comment', name: row.object });
      return [];
    });
  }

  notDescribed(): { kind: string; name: string }[] {
    const found = this.rows.notDescribed.filter((row) => this.visible(row));
    return [
      ...found.map(({ kind, name }) => ({ kind, name })),
      ...this.unknown,
      ...this.readers(),
    ].sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));
  }

  /** What is described and cannot be made without the tables of the history, which are not. */
  private readers(): { kind: string; name: string }[] {
    const readers = this.rows.dependencies.flatMap((row) => {
      if (!this.history.has(keyOf({ class: row.on_class, oid: row.on_oid }))) return [];
      const object = this.find(row);
      return object === undefined ? [] : [idOf(object)];
    });
    return [...new Set(readers)].map((name) => ({ kind: 'use of the history', name }));
  }

  /** What each object cannot be without, itself and its own pieces left out. */
  dependencies(known: ReadonlySet<ObjectId>): Map<ObjectId, Set<ObjectId>> {
    const dependencies = new Map<ObjectId, Set<ObjectId>>();
    for (const row of this.rows.dependencies) {
      const id = this.dependentId(row, known);
      const needed = this.knownId({ class: row.on_class, oid: row.on_oid, sub: row.on_sub }, known);
      if (id === null || needed === null || id === needed) continue;
      const all = dependencies.get(id);
      if (all) all.add(needed);
      else dependencies.set(id, new Set([needed]));
    }
    return dependencies;
  }

  /** `null` where the dependency is one that what makes the object does not have. */
  private dependentId(row: Address, known: ReadonlySet<ObjectId>): ObjectId | null {
    const object = this.find(row);
    const id = this.knownId(row, known);
    if (object === undefined || id === null) return null;
    // A sequence is given to its column when both are there.
    if (object.kind === 'sequence') return null;
    if (row.class === CLASS.constraint && ['table', 'column', 'domain'].includes(object.kind)) {
      return null;
    }
    const isDefault =
      row.class === CLASS.default &&
      object.kind === 'column' &&
      object.parts.generated === undefined;
    return isDefault && id === idOf(object) ? defaultOf(id) : id;
  }

  /** A column that is not described, because it says nothing of its own, is its table. */
  private knownId(address: Address, known: ReadonlySet<ObjectId>): ObjectId | null {
    const object = this.find(address);
    if (object === undefined) return null;
    return known.has(idOf(object)) ? idOf(object) : object.parent;
  }

  private visible(row: { class: number; oid: number }): boolean {
    return !this.hidden.has(keyOf({ class: row.class, oid: row.oid }));
  }

  /** The object at an address: a column, else the whole, else what that is a face of. */
  private find({ class: of, oid, sub }: Address): CatalogObject | undefined {
    let address = { class: of, oid, sub };
    // A chain is at most: array → multirange → range.
    for (let step = 0; step < 5; step++) {
      const whole = { class: address.class, oid: address.oid };
      const found = this.objects.get(keyOf(address)) ?? this.objects.get(keyOf(whole));
      if (found) return found;
      const alias = this.aliases.get(keyOf(whole));
      if (alias === undefined) return undefined;
      address = { class: alias.to_class, oid: alias.to_oid, sub: alias.to_sub };
    }
    return undefined;
  }
}

function keyOf({ class: of, oid, sub = 0 }: { class: number; oid: number; sub?: number }): string {
  return `${of}/${oid}/${sub}`;
}

function rightsOf(row: {
  granted: string[] | null;
  grantable: string[] | null;
  revoked: string[] | null;
}): object {
  const { granted, grantable, revoked } = row;
  return {
    ...(granted && { granted }),
    ...(grantable && { grantable }),
    ...(revoked && { revoked }),
  };
}

/** What a row says of an object, without what goes without saying. */
function partsIn({ kind, parts }: ObjectRow): object {
  if (kind === 'sequence') return plainSequence(parts);
  return kind === 'function' || kind === 'procedure'
    ? readableRoutine(parts as PartsOf['function'])
    : parts;
}
