import { type CatalogObject, type PartsOf } from '../../catalog/model.js';
import { attribute } from '../create.js';
import { literal, notNullName, words } from '../text.js';
import { type Alteration, RECREATE } from './alteration.js';

/** Labels can be added anywhere, and never be taken away or moved. */
export function alterEnum(
  { parts: { labels: from } }: CatalogObject<'enum'>,
  { name, parts: { labels: to } }: CatalogObject<'enum'>,
): Alteration | typeof RECREATE {
  const kept = to.filter((label) => from.includes(label));
  if (kept.join('\n') !== from.join('\n')) return RECREATE;
  const there = new Set(from);
  const statements = to.flatMap((label, index) => {
    if (there.has(label)) return [];
    there.add(label);
    const before = to[index - 1];
    const first = from[0];
    const place =
      before !== undefined
        ? `AFTER ${literal(before)}`
        : first !== undefined && `BEFORE ${literal(first)}`;
    return [words(`ALTER TYPE ${name} ADD VALUE ${literal(label)}`, place)];
  });
  return { statements, transactional: statements.length === 0 };
}

type Attributes = PartsOf['composite type']['attributes'];

/** An attribute comes last, so those that are to be after it are made anew as well. */
export function alterComposite(
  { parts: { attributes: from } }: CatalogObject<'composite type'>,
  { name, parts: { attributes: to } }: CatalogObject<'composite type'>,
): Alteration {
  const same = (a: Attributes[number], b: Attributes[number] | undefined): boolean =>
    a.name === b?.name && a.type === b.type && a.collation === b.collation;
  const wanted = from.filter((a) => to.some((b) => same(a, b)));
  const first = wanted.findIndex((a, index) => !same(a, to[index]));
  const kept = wanted.slice(0, first < 0 ? wanted.length : first);
  const gone = from.filter((a) => !kept.includes(a));
  const actions = [
    ...gone.map((a) => `DROP ATTRIBUTE ${a.name}`),
    ...to.slice(kept.length).map((a) => `ADD ATTRIBUTE ${attribute(a)}`),
  ];
  return {
    statements: actions.length > 0 ? [`ALTER TYPE ${name} ${actions.join(', ')}`] : [],
    losesData: gone.length > 0,
  };
}

export function alterDomain(
  { parts: a }: CatalogObject<'domain'>,
  { name, parts: e }: CatalogObject<'domain'>,
): Alteration | typeof RECREATE {
  if (a.type !== e.type || a.collation !== e.collation) return RECREATE;
  const alter = `ALTER DOMAIN ${name}`;
  return {
    statements: [
      ...(a.default === e.default
        ? []
        : [
            e.default === undefined ? `${alter} DROP DEFAULT` : `${alter} SET DEFAULT ${e.default}`,
          ]),
      ...alterNotNull(name, a, e),
    ],
  };
}

function alterNotNull(domain: string, a: PartsOf['domain'], e: PartsOf['domain']): string[] {
  const alter = `ALTER DOMAIN ${domain}`;
  const usual = notNullName(domain);
  if (!e.notNull) return a.notNull ? [`${alter} DROP NOT NULL`] : [];
  if (!a.notNull) {
    const { notNullConstraint } = e;
    return [
      notNullConstraint
        ? `${alter} ADD CONSTRAINT ${notNullConstraint} NOT NULL`
        : `${alter} SET NOT NULL`,
    ];
  }
  const [before = usual, after = usual] = [a.notNullConstraint, e.notNullConstraint];
  return before === after ? [] : [`${alter} RENAME CONSTRAINT ${before} TO ${after}`];
}
