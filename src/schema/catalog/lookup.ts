import { type Catalog, type CatalogObject, idOf, type ObjectId, type ObjectKind } from './model.js';
import { schemaOf, unquoted } from './names.js';

/** A catalog by id, and by what belongs to what. */
export class CatalogLookup {
  private readonly byId = new Map<ObjectId, CatalogObject>();
  private readonly members = new Map<ObjectId, CatalogObject[]>();
  private readonly owned = new Map<string, CatalogObject<'sequence'>>();
  /** The names of constraints, each behind its schema, and what they are on. */
  private readonly constraints = new Map<string, ObjectId[]>();

  /** @param before What a fix script begins with: its names are taken, too. */
  constructor(
    readonly catalog: Catalog,
    private readonly before?: CatalogLookup,
  ) {
    for (const object of catalog.objects) {
      this.byId.set(idOf(object), object);
      if (object.parent !== null) {
        const siblings = this.members.get(object.parent);
        if (siblings) siblings.push(object);
        else this.members.set(object.parent, [object]);
      }
      const constraint =
        object.kind === 'constraint'
          ? object.own
          : object.kind === 'column' && object.parts.notNullConstraint;
      if (constraint) this.noteConstraint(object.parent ?? '', constraint);
      if (object.kind === 'sequence' && object.parts.identity && object.parts.ownedBy) {
        this.owned.set(object.parts.ownedBy, object);
      }
    }
  }

  get(id: ObjectId | null): CatalogObject | undefined {
    return id === null ? undefined : this.byId.get(id);
  }

  table(name: string): CatalogObject<'table'> | undefined {
    const object = this.get(idOf({ kind: 'table', name }));
    return object?.kind === 'table' ? object : undefined;
  }

  /** What belongs to an object, of one kind. */
  membersOf<K extends ObjectKind>(owner: CatalogObject, kind: K): CatalogObject<K>[] {
    const members = this.members.get(idOf(owner)) ?? [];
    return members.filter((member) => member.kind === kind) as CatalogObject<K>[];
  }

  /** Whatever belongs to an object. */
  allMembersOf(owner: ObjectId): readonly CatalogObject[] {
    return this.members.get(owner) ?? [];
  }

  /** Whether a constraint in the schema of a table, or of a domain, has a name. */
  hasConstraint(owner: ObjectId, own: string): boolean {
    const name = inSchema(owner, own);
    const onOthers = this.before?.constraints.get(name)?.some((one) => one !== owner);
    return this.constraints.has(name) || onOthers === true;
  }

  private noteConstraint(owner: ObjectId, own: string): void {
    const name = inSchema(owner, own);
    this.constraints.set(name, [...(this.constraints.get(name) ?? []), owner]);
  }

  /** The sequence behind an identity column. */
  identitySequence(column: CatalogObject<'column'>): CatalogObject<'sequence'> | undefined {
    return this.owned.get(column.name);
  }
}

function inSchema(owner: ObjectId, own: string): string {
  return `${schemaOf(owner.slice(owner.indexOf(' ') + 1))}.${unquoted(own)}`;
}
