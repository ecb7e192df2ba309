import {
  type BaselineHead,
  isBaseline,
  parseBaseline,
  renderBaseline,
} from '../../src/baseline/file';
import { splitStatements } from '../../src/sql/split';

const SUM = 'a'.repeat(64);
const HEAD: BaselineHead = {
  ...{ postgres: 18, historySchema: 'public', searchPath: null, filesSchema: null },
  ...{ schemas: [], roles: ['reader'], leftToDefault: ['public.a.at'], frozen: [] },
  migrations: [
    { name: '20260101000000_a.js', checksum: SUM, sql: null },
    { name: '20260102000000-b.js', checksum: 'b'.repeat(64), sql: 'c'.repeat(64) },
  ],
};
const BODY = "CREATE TABLE public.a ();\n\nINSERT INTO public.a (b) VALUES\n  ('x\ny');\n";

describe("a baseline's file", () => {
  it('is read as it was written, to the letter', () => {
    const parsed = parseBaseline(renderBaseline(HEAD, BODY));
    expect(parsed).toMatchObject({ ...HEAD, body: BODY });
  });

  it('tells at which line its SQL begins', () => {
    const text = renderBaseline(HEAD, BODY);
    const { linesBefore } = parseBaseline(text) as { linesBefore: number };
    expect(text.split('\n')[linesBefore]).toBe('CREATE TABLE public.a ();');
  });

  it('says to a person what it is, up to which migration, and which files it stands for', () => {
    const text = renderBaseline(HEAD, BODY);
    expect(text).toContain('up to 20260102000000-b.js.');
    expect(text).toContain(`--   ${SUM} 20260101000000_a.js\n`);
    for (const line of text.slice(0, text.indexOf('\n\n')).split('\n')) expect(line).toMatch(/^--/);
  });

  it.each([
    ['a line break', 'x\ndrop table users; --.js'],
    ['a carriage return', 'x\ry.js'],
    ['quotes', '"x".js'],
    ['spaces at its ends', ' x '],
    ['a line separator of Unicode', 'x\u2028y.js'],
  ])('a name with %s stays on its line, and is read again', (_, name) => {
    const text = renderBaseline(
      { ...HEAD, migrations: [{ name, checksum: SUM, sql: null }] },
      BODY,
    );
    expect(parseBaseline(text)).toMatchObject({ migrations: [{ name }], body: BODY });
    expect(text.slice(0, text.indexOf('\n\n'))).not.toMatch(/^(?!--)/m);
  });

  it('line ends that version control turned are no edit', () => {
    const text = renderBaseline(HEAD, BODY).replaceAll('\n', '\r\n');
    expect(parseBaseline(text)).toMatchObject({ body: BODY });
  });

  it.each([
    ['the SQL', (text: string) => text.replace('CREATE TABLE public.a', 'CREATE TABLE public.b')],
    ['the list', (text: string) => text.replace('20260101000000_a', '20260101000000_x')],
    ['the head', (text: string) => text.replace('PostgreSQL: 18', 'PostgreSQL: 14')],
    ['its end', (text: string) => `${text}-- mine\n`],
    ['a part, by a merge', (text: string) => text.replace('\n\n', '\n<<<<<<< HEAD\n\n')],
  ])('notices that somebody edited %s', (_, edit) => {
    const text = edit(renderBaseline(HEAD, BODY));
    expect(parseBaseline(text)).toMatchObject({ kind: 'edited' });
    expect(isBaseline(text)).toBe(true);
  });

  it('knows what is none, and what a later version wrote', () => {
    expect(parseBaseline('select 1;\n')).toMatchObject({ kind: 'foreign' });
    expect(isBaseline('select 1;\n')).toBe(false);
    const later = renderBaseline(HEAD, BODY).replace('format 1.', 'format 9.');
    expect(parseBaseline(later)).toMatchObject({ kind: 'format' });
  });

  it('cuts SQL into its statements, whatever semicolons are in them', () => {
    const statements = [
      "SET a = ';';",
      "INSERT INTO t VALUES ('it''s; so'), (E'a\\';b');",
      'CREATE TABLE "a;b" ();',
      'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $function$BEGIN RETURN 1; END;$function$;',
      'CREATE FUNCTION g() RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n SELECT CASE WHEN true THEN 1 ELSE 2 END; SELECT 2;\nEND;',
      'CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); DELETE FROM b);',
      'CREATE VIEW v AS\n SELECT CASE WHEN a THEN 1 END AS begin FROM t;',
    ];
    const text = statements.join('\n\n-- a comment; with one\n');
    const cut = splitStatements(text);
    expect(cut.map(({ sql }) => sql)).toEqual(statements);
    for (const { sql, start } of cut) expect(text.slice(start).startsWith(sql)).toBe(true);
  });
});
