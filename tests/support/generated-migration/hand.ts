import { PROFILES, WILD_DEFAULTS, WILD_LENGTHS, WILD_TYPES } from './column-profiles.js';

/** A column's description, or a part of one. */
export type Spec = Record<string, unknown>;
/** Takes one of several. */
export type Pick = <Item>(from: readonly Item[]) => Item;

/** What is known of a table. */
export interface Table {
  columns: Map<string, Spec>;
  indexes: string[];
  foreignKeys: string[];
}

/** The tables as they should be by now, so that later calls can speak of them. */
export type Tables = Map<string, Table>;

const TABLES = ['pets', 'Owners', 'order', 'with space', 'visits', 'ünder'];
/** Names of columns. */
export const COLUMNS = ['id', 'name', 'Mixed', 'a b', 'user', 'x1', 'größe'];
/** Rules of a foreign key. */
export const RULES = [
  { onDelete: 'CASCADE' },
  { onDelete: 'SET NULL', onUpdate: 'RESTRICT' },
  { onUpdate: 'CASCADE', onDelete: '' },
  {},
];

/** One time in so many something does not fit. */
const ODDS = 40;
/** Chooses what a call is about: mostly what is there. */
export class Hand {
  constructor(
    readonly pick: Pick,
    readonly tables: Tables,
  ) {}

  rarely(): boolean {
    return this.pick(Array.from({ length: ODDS }, (_, n) => n)) === ODDS - 1;
  }

  /** About one time in two. */
  maybe<Item>(item: Item): Item | undefined {
    return this.pick([item, undefined]);
  }

  table(): string {
    const names = [...this.tables.keys()];
    return names.length === 0 || this.rarely() ? this.pick(TABLES) : this.pick(names);
  }

  /** A table that has some, or any at all where nothing has to fit. */
  tableWith(what: 'indexes' | 'foreignKeys'): string | undefined {
    if (this.rarely()) return this.table();
    return [...this.tables].find(([, content]) => content[what].length > 0)?.[0];
  }

  columns(table: string): [string, Spec][] {
    return [...(this.tables.get(table)?.columns ?? [])];
  }

  /** A column of a type, where the table has one. */
  columnLike(table: string, type: unknown): string {
    const [like] = this.columns(table).find(([, spec]) => spec['type'] === type) ?? [];
    return like === undefined || this.rarely() ? this.column(table) : like;
  }

  /** One of these, or any name where there is none. */
  oneOf(names: readonly string[] | undefined, other: string): string {
    return names === undefined || names.length === 0 || this.rarely() ? other : this.pick(names);
  }

  /** A name that no table has, mostly. */
  newTable(): string {
    const free = TABLES.filter((name) => !this.tables.has(name));
    return free.length === 0 || this.rarely() ? this.pick(TABLES) : this.pick(free);
  }

  newColumn(table: string): string {
    const free = COLUMNS.filter((name) => !this.tables.get(table)?.columns.has(name));
    return free.length === 0 || this.rarely() ? this.pick(COLUMNS) : this.pick(free);
  }

  column(table: string): string {
    const names = this.columns(table).map(([name]) => name);
    return names.length === 0 || this.rarely() ? this.pick(COLUMNS) : this.pick(names);
  }

  spec(table: string, column: string): string | Spec {
    if (this.rarely()) return this.wildSpec();
    const { type, lengths = [], defaults } = this.pick(PROFILES);
    if (this.rarely()) return type;
    return without({
      type,
      length: this.maybe(lengths.length > 0 ? this.pick(lengths) : undefined),
      notNull: this.maybe(this.pick([true, false])),
      unique: this.rarely() && type !== 'json' ? true : undefined,
      defaultValue: this.maybe(this.pick(defaults)),
      comment: this.rarely() ? this.pick(['a note', "it''s"]) : undefined,
      foreignKey: this.rarely() ? this.foreignKey(table, column) : undefined,
    });
  }

  private wildSpec(): Spec {
    return without({
      type: this.pick([...WILD_TYPES, ...PROFILES.map(({ type }) => type)]),
      length: this.maybe(this.pick(WILD_LENGTHS)),
      timezone: this.maybe(true),
      primaryKey: this.maybe(true),
      autoIncrement: this.maybe(true),
      unique: this.maybe(true),
      defaultValue: this.maybe(this.pick(WILD_DEFAULTS)),
      comment: this.maybe("it's"),
    });
  }

  private foreignKey(table: string, column: string): Spec {
    const referenced = this.table();
    return without({
      name: `${table}_${column}_fk`,
      table: referenced,
      mapping: this.pick<unknown>(['id', { [column]: 'id' }, undefined]),
      rules: this.maybe(this.pick(RULES)),
    });
  }

  /** A value for a column of a kind that is known, or not. */
  value(spec: Spec | undefined): unknown {
    if (this.rarely()) return this.pick([null, 1, 'x', true, 2.5]);
    const profile = PROFILES.find(({ type }) => type === spec?.['type']);
    return this.pick(profile?.values ?? [1, 'x']);
  }
}

/** What of a description is there. */
export function without(spec: Spec): Spec {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}
