import fc from 'fast-check';
import { drawTables } from '../../src/report-page/diagram/draw';
import { layOut } from '../../src/report-page/diagram/layout';
import { MOST_BOXES, select } from '../../src/report-page/diagram/select';
import { groupsOf, whyNoDuration } from '../../src/report-page/history-groups';
import { isPage, renderPage } from '../../src/report-page/html/page';
import { STYLE } from '../../src/report-page/html/style';
import { html, lines } from '../../src/report-page/html-template';
import {
  isMarkdownReport,
  MOST_CHARACTERS,
  renderMarkdown,
} from '../../src/report-page/markdown/document';
import { block, code, text } from '../../src/report-page/markdown/escape';
import { fit } from '../../src/report-page/markdown/fit';
import { type AppliedMigration, type Report } from '../../src/report-page/model';
import { type SchemaTables, type ShownTable } from '../../src/report-page/tables';
import { clipped, columnsOf, visible, visibleLines } from '../../src/report-page/visible';
import { runTime } from '../../src/report-page/words';

const instance = async () => (await import('@viz-js/viz')).instance();

/** What a name may be in a hostile database: markup, quotes, controls, halves of pairs, emoji. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title></svg></style></pre>',
  ']]><!--',
  '-->',
  'a\nb\r\nc\td',
  'back\\slash\\N\\l\\"',
  '\u202etxt.exe\u2066',
  '🦄'.repeat(15),
  '👩‍👩‍👧‍👦',
  '\ud800',
  '`'.repeat(7),
  '| a | b |\n| --- | --- |',
  '```\n# heading\n```',
  '@everyone #1 https://example.org www.example.org',
  '${0} {{x}} %s \u0000 \u0007',
  ' ',
  '&lt;&#60;',
];
const hostileName = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 63 }),
  fc
    .array(fc.constantFrom(...HOSTILE, ...'<>"\'`\\&|\n\r'), { maxLength: 6 })
    .map((all) => all.join('')),
);

const APPLIED: AppliedMigration = {
  name: '20260101000000_rooms.js',
  batch: 1,
  appliedAt: '2026-01-02T03:04:05.678Z',
  origin: 'knex',
  recorded: {
    event: 'applied',
    runId: '3f0e4e3c-6f0e-4b43-9d3b-0e9c7d4a1a11',
    actor: 'ann@laptop, app',
    durationMs: 12.5,
    baseline: null,
  },
};

function table(id: string, more: Partial<ShownTable> = {}): ShownTable {
  const columns = [{ name: 'id', primary: true, foreign: false, change: null }];
  return { id, title: id, columns, others: 2, change: null, ...more };
}

function schemaNamed(one: string, other: string): SchemaTables {
  return {
    tables: [
      table(`a.${one}`, { title: one, change: 'changed' }),
      table(`b.${other}`, {
        title: other,
        columns: [{ name: one, primary: false, foreign: true, change: 'created' }],
      }),
      table(`c.${one}`, { title: one, change: 'created' }),
    ],
    foreignKeys: [
      {
        name: one,
        from: `b.${other}`,
        to: `a.${one}`,
        columns: [one],
        referenced: ['id'],
        change: null,
      },
    ],
    partitions: 0,
    marked: true,
  };
}

/** A report in which each text that a database or a project can choose is this one. */
function reportNamed(name: string): Report {
  return {
    environment: name,
    production: true,
    database: { user: name, host: 'db.example.org', port: 5432, database: name, schema: name },
    madeAt: '2026-01-02T03:04:05.678Z',
    postgres: '17.2',
    applied: [{ ...APPLIED, name, recorded: { ...APPLIED.recorded!, actor: name } }],
    hasJournal: true,
    pending: [{ name, origin: 'knex' }],
    plan: {
      value: {
        batch: 2,
        base: 'schema',
        baseReason: name,
        shadow: name,
        failed: null,
        notReached: [name],
        baseline: { file: name, migrations: 1, durationMs: 1 },
        changes: [
          {
            name,
            transaction: false,
            notes: [name],
            statements: [{ sql: `select '${name}'`, refused: '42P01' }],
          },
        ],
      },
    },
    drift: {
      value: {
        inSync: false,
        differences: [
          {
            kind: 'table',
            object: name,
            expected: { a: name },
            actual: { a: null },
            fix: [`-- ${name}`],
            losesData: true,
          },
        ],
        script: [],
        singleTransaction: true,
        replayed: 1,
        shadow: name,
        against: null,
        unreplayable: [name],
        postgres: { expected: 17, actual: 18 },
        roundTrip: null,
        notTried: [],
        baseline: null,
      },
    },
    checks: [
      { code: 'TABLE_OWNERS', status: 'red', message: name, fix: name },
      { code: 'CLOCK', status: 'yellow', message: name, fix: name },
      { code: 'TLS', status: 'green', message: name, fix: null },
    ],
    schema: schemaNamed(name, `${name}2`),
  };
}

/** The tags of a page in their order, with the names of their attributes. Values are left out. */
function skeletonOf(page: string): string[] {
  return [...page.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/"[^"]*"/g, '""'));
}

const page = async (report: Report): Promise<string> =>
  renderPage(report, { svg: await drawTables(select(report.schema)) });

describe('a name in a report', () => {
  it('is text, in HTML and in SVG, whatever it is', async () => {
    const plain = skeletonOf(await page(reportNamed('plain')));
    await fc.assert(
      fc.asyncProperty(hostileName, async (name) => {
        const shown = await page(reportNamed(name));
        expect(skeletonOf(shown)).toEqual(plain);
        expect(shown).not.toMatch(
          // eslint-disable-next-line no-control-regex
          /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
        );
        expect(shown).not.toMatch(/\p{Surrogate}/u);
      }),
      { numRuns: 60, examples: HOSTILE.map((name) => [name]) },
    );
  }, 120_000);

  it('is text in Markdown, on the line on which it stands', () => {
    const headings = (document: string) => document.split('\n').filter((line) => /^#+ /.test(line));
    const rows = (document: string) => document.split('\n').filter((line) => line.startsWith('|'));
    const cells = (row: string) => row.replace(/\\\\|\\\|/g, '').split('|').length;
    const plain = renderMarkdown(reportNamed('plain'));
    fc.assert(
      fc.property(hostileName, (name) => {
        const shown = renderMarkdown(reportNamed(name));
        const outside = withoutBlocks(shown);
        expect(headings(outside)).toHaveLength(headings(plain).length);
        expect(rows(outside).map(cells)).toEqual(rows(withoutBlocks(plain)).map(cells));
        expect(shown.length).toBeLessThanOrEqual(MOST_CHARACTERS);
      }),
      { numRuns: 300, examples: HOSTILE.map((name) => [name]) },
    );
  });

  it('as code stands between more backticks than it has; as text it has nothing that means something', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const [, fence = '', inside = ''] = /^(`+)([^]*?)\1$/.exec(code(name)) ?? [];
        expect(inside.match(/`+/g) ?? []).not.toContain(fence);
        expect(inside === '' && name !== '').toBe(name.includes('|'));
        if (name.includes('|')) expect(code(name)).toBe(`<code>${text(name)}</code>`);
        expect(code(name)).not.toContain('\n');
        expect(code(name)).not.toMatch(/(?<!\\)\|/);
        const prose = text(name).replaceAll('<!-- -->', '').replace(/\\[^]/g, '');
        expect(prose).not.toMatch(/[`*_[\]<>&|~\n]/);
        expect(text(name)).not.toMatch(/[@#]\w|(?<!\\):\/\/|www\./i);
        const [opening = '', ...rest] = block('sql', name).split('\n');
        const bars = opening.replace('sql', '');
        expect(rest.slice(0, -1).some((line) => line.includes(bars))).toBe(false);
      }),
      { examples: HOSTILE.map((name) => [name]) },
    );
  });

  it('never reaches Graphviz', async () => {
    const given: string[] = [];
    const viz = await instance();
    const listening = {
      renderString: (graph: object, options: { format: string }) => {
        given.push(JSON.stringify(graph));
        return viz.renderString(graph, options);
      },
    };
    const name = 'secret "name"';
    const boxes = [name, 'other'].map((id) => ({ id, width: 100, height: 40 }));
    const layout = layOut(listening, boxes, [{ from: 'other', to: name }], 800);
    expect(given).toHaveLength(1);
    expect(given[0]).not.toMatch(/secret|other/);
    expect(layout.boxes.map(({ id }) => id).sort()).toEqual(['other', name]);
    expect(layout.lines[0]?.points.length).toBeGreaterThan(3);
  });

  it('shows each letter that is not seen, and cuts none in two', () => {
    expect(visible('a\nb\u0000\u202e')).toBe('a␊b␀\\u202e');
    expect(visibleLines('a\r\nb\tc')).toBe('a\nb\tc');
    expect(visible('👩‍👧 x\ud800')).toBe('👩‍👧 x\ufffd');
    expect(columnsOf('ab🦄漢')).toBe(6);
    expect(clipped('🦄🦄🦄', 5)).toBe('🦄🦄…');
    expect(clipped('abc', 3)).toBe('abc');
  });
});

/** A Markdown document without its blocks of code, each by its own fence. */
function withoutBlocks(document: string): string {
  const kept: string[] = [];
  let fence: string | null = null;
  for (const line of document.split('\n')) {
    // Behind the backticks that open a block there is none: else they are code in a line.
    const bars = /^(`{3,})[^`]*$/.exec(line)?.[1] ?? null;
    if (fence === null && bars !== null) fence = bars;
    else if (fence !== null && line === fence) fence = null;
    else if (fence === null) kept.push(line);
  }
  expect(fence).toBeNull();
  return kept.join('\n');
}

describe('the page (US14)', () => {
  const policy = /<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"/;

  it('loads nothing, runs nothing, and says so to the browser', async () => {
    const shown = await page(reportNamed('polls'));
    const [, content = ''] = policy.exec(shown) ?? [];
    expect(content).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'$/,
    );
    expect(shown).not.toMatch(
      /<script|<link|<img|<iframe|\son\w+=|\sstyle=|url\(|@import|javascript:/i,
    );
    expect(
      [...shown.matchAll(/\s(?:href|src)="([^"]*)"/g)].every(([, to]) => to?.startsWith('#')),
    ).toBe(true);
    expect(shown).toContain(`<style>${STYLE}</style>`);
    expect(shown.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
  });

  it('has no section of what is not there yet', async () => {
    const shown = await page(reportNamed('polls'));
    expect([...shown.matchAll(/<h2[^>]*>([^<]*)</g)].map(([, title]) => title)).toEqual([
      'Pending migrations',
      'Problems',
      'Drift',
      'Schema',
      'History',
    ]);
  });

  it('says why something is not known, with what helps', () => {
    const report = reportNamed('polls');
    const failed = {
      code: 'NO_SHADOW',
      message: 'There is no server.',
      fix: 'Name one.',
      exitCode: 3,
    } as const;
    const shown = renderPage(
      { ...report, plan: { failed }, drift: { failed } },
      { missing: 'No @viz-js/viz.' },
    );
    expect(shown).toContain('No SQL is shown. There is no server.');
    expect(shown).toContain(
      'The database was not compared with its migrations. There is no server.',
    );
    expect(shown.match(/Name one\./g)).toHaveLength(2);
    expect(shown).toContain('No @viz-js/viz.');
    const comment = renderMarkdown({ ...report, plan: { failed }, drift: { failed } });
    expect(comment).toContain('> ❔ No SQL is shown. There is no server.');
  });

  it('is known again as a report, as the Markdown is, and nothing else is', async () => {
    const report = reportNamed('polls');
    expect(isPage(await page(report))).toBe(true);
    expect(isMarkdownReport(renderMarkdown(report))).toBe(true);
    for (const other of ['', '<!doctype html><html></html>', '# Report\n', 'knexward report']) {
      expect(isPage(other) || isMarkdownReport(other)).toBe(false);
    }
  });

  it('escapes by default; SQL keeps its lines', () => {
    expect(html`<p title="${'"x"'}">${['<b>', html`<i>${1}</i>`, null]}</p>`.text).toBe(
      '<p title="&quot;x&quot;">&lt;b&gt;<i>1</i></p>',
    );
    expect(lines('a\n<b>').text).toBe('a\n&lt;b&gt;');
  });

  it.each([
    ['light', /^:root\{color-scheme:light dark;([^}]*)\}/m],
    ['dark', /dark\)\{:root\{([^}]*)\}/],
    ['print', /print\{:root\{([^}]*)\}/],
  ])('has a contrast of 4.5 : 1 in %s (WCAG AA)', (_where, place) => {
    const colours = Object.fromEntries(
      [...(place.exec(STYLE.replaceAll('\n', ''))?.[1] ?? '').matchAll(/--([\w-]+):(#\w+)/g)].map(
        ([, name, value]) => [name, value],
      ),
    ) as Record<string, string>;
    const pairs = [
      ...['text', 'soft', 'link', 'good', 'notice', 'bad', 'unknown'].map((fore) => [fore, 'card']),
      ...['text', 'soft'].flatMap((fore) => [
        [fore, 'page'],
        [fore, 'sunk'],
      ]),
      ...['good', 'notice', 'bad', 'unknown'].map((fore) => [fore, `${fore}-back`]),
      ...['good', 'notice', 'bad', 'unknown'].map((back) => ['text', `${back}-back`]),
    ] as [string, string][];
    const low = pairs.filter(([fore, back]) => contrast(colours[fore]!, colours[back]!) < 4.5);
    expect(low).toEqual([]);
  });
});

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

/** https://www.w3.org/TR/WCAG21/#dfn-relative-luminance */
function luminance(colour: string): number {
  const whole = colour.length === 4 ? colour.replace(/[^#]/g, '$&$&') : colour;
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(whole.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe('the diagram', () => {
  const many = (count: number): SchemaTables => ({
    tables: Array.from({ length: count }, (_, index) =>
      table(`t${index}`, index === count - 1 ? { change: 'changed' } : {}),
    ),
    foreignKeys: Array.from({ length: count - 10 }, (_, index) => ({
      name: `fk${index}`,
      from: `t${index + 1}`,
      to: `t${Math.floor(index / 9)}`,
      columns: ['id'],
      referenced: ['id'],
      change: null,
    })).concat([
      {
        name: 'last',
        from: `t${count - 1}`,
        to: `t${count - 2}`,
        columns: ['id'],
        referenced: ['id'],
        change: null,
      },
    ]),
    partitions: 0,
    marked: true,
  });

  it('has the tables with foreign keys, those that change first, and not too many', () => {
    const drawn = select(many(600));
    expect(drawn.tables).toHaveLength(MOST_BOXES);
    expect(drawn.tables.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['t599', 't598', 't0']),
    );
    expect(drawn.tables.length + drawn.alone.length + drawn.leftOut.length).toBe(600);
    const ids = new Set(drawn.tables.map(({ id }) => id));
    expect(drawn.foreignKeys.every(({ from, to }) => ids.has(from) && ids.has(to))).toBe(true);
  });

  it('keeps a page with 600 tables under 500 kB, and no two boxes in one place', async () => {
    const schema = many(600);
    const shown = await page({ ...reportNamed('polls'), schema });
    expect(shown.length).toBeLessThan(500_000);
    const boxes = select(schema).tables.map(({ id }) => ({ id, width: 120, height: 60 }));
    const {
      boxes: placed,
      width,
      height,
    } = layOut(await instance(), boxes, select(schema).foreignKeys, 1000);
    expect(placed).toHaveLength(MOST_BOXES);
    for (const [index, a] of placed.entries()) {
      expect(
        a.x >= -1 && a.y >= -1 && a.x + a.width <= width + 1 && a.y + a.height <= height + 1,
      ).toBe(true);
      const over = placed
        .slice(index + 1)
        .filter(
          (b) =>
            a.x < b.x + b.width - 1 &&
            b.x < a.x + a.width - 1 &&
            a.y < b.y + b.height - 1 &&
            b.y < a.y + a.height - 1,
        );
      expect(over).toEqual([]);
    }
  });
});

describe('the history', () => {
  const row = (
    name: string,
    batch: number,
    event: 'applied' | 'adopted' | 'resolved' | null,
    ms: number | null = null,
  ): AppliedMigration => ({
    ...APPLIED,
    name,
    batch,
    recorded: event && { ...APPLIED.recorded!, event, durationMs: ms },
  });

  it('is a group for each batch, the newest first; what was adopted is one', () => {
    const groups = groupsOf([
      row('a', 1, 'adopted'),
      row('b', 2, 'adopted'),
      row('c', 3, 'applied', 10),
      row('d', 3, 'applied', 5),
      row('e', 4, null),
    ]);
    expect(
      groups.map(({ kind, batches, migrations, durationMs }) => [
        kind,
        batches,
        migrations.length,
        durationMs,
      ]),
    ).toEqual([
      ['batch', { first: 4, last: 4 }, 1, null],
      ['batch', { first: 3, last: 3 }, 2, 15],
      ['adopted', { first: 1, last: 2 }, 2, null],
    ]);
    expect(groups[1]?.actors).toEqual(['ann@laptop, app']);
  });

  it('says why a migration has no duration', () => {
    expect(whyNoDuration(row('a', 1, null), true)).toBe('not in the journal');
    expect(whyNoDuration(row('a', 1, null), false)).toBe('no journal');
    expect(whyNoDuration(row('a', 1, 'adopted'), true)).toBe('taken over from db-migrate');
    expect(whyNoDuration(row('a', 1, 'resolved'), true)).toBe('marked as applied');
  });

  it.each([
    [0.4, '< 1 ms'],
    [12.4, '12 ms'],
    [1240, '1.2 s'],
    [59_000, '59.0 s'],
    [59_600, '59.6 s'],
    [125_000, '2 min 5 s'],
    [119_700, '2 min 0 s'],
    [7_260_000, '2 h 1 min'],
  ])('%d ms is %s', (ms, shown) => {
    expect(runTime(ms)).toBe(shown);
  });
});

describe('the Markdown', () => {
  it('folds the SQL of each migration and of each difference', () => {
    const shown = renderMarkdown(reportNamed('plain'));
    const folds = [
      ...shown.matchAll(/<details>\n<summary>.*<\/summary>\n\n```sql\n[^]*?```\n\n<\/details>/g),
    ];
    expect(folds.length).toBeGreaterThan(1);
    const countOf = (tag: string): number => shown.split(tag).length - 1;
    expect(countOf('</details>')).toBe(countOf('<details>'));
    expect(countOf('```sql')).toBe(folds.length);
  });

  it('keeps within the limit of GitHub, and says what has no room', () => {
    const report = reportNamed('polls');
    const change = {
      name: 'big',
      transaction: true,
      notes: [],
      statements: [{ sql: 'select 1;\n'.repeat(3000), refused: null }],
    };
    const changes = Array.from({ length: 40 }, (_, index) => ({
      ...change,
      name: `20260101_${index}.js`,
    }));
    const drift = Array.from({ length: 3000 }, (_, index) => ({
      ...report.drift.value!.differences[0]!,
      object: `t${index}`,
    }));
    const shown = renderMarkdown({
      ...report,
      plan: { value: { ...report.plan.value!, changes } },
      drift: { value: { ...report.drift.value!, differences: drift } },
    });
    expect(shown.length).toBeLessThanOrEqual(MOST_CHARACTERS);
    expect(shown.length).toBeGreaterThan(MOST_CHARACTERS * 0.7);
    expect(shown).toContain('-- The rest has no room in this comment: knexward plan');
    expect(shown).toMatch(
      /_\d+ more pending migrations have no room in this comment\._ `knexward plan`/,
    );
    expect(shown).toMatch(
      /_\d+ more differences have no room in this comment\._ `knexward verify`/,
    );
    expect(shown).toContain('### History');
  });

  it('leaves blocks out from the end, and keeps the heads', () => {
    const part = (head: string, blocks: string[]) => ({
      head,
      blocks,
      leftOut: (count: number) => `+${count}`,
    });
    expect(fit([part('A', ['one', 'two']), part('B', ['three'])], 100)).toBe(
      'A\n\none\n\ntwo\n\nB\n\nthree\n',
    );
    expect(fit([part('A', ['x'.repeat(50), 'two']), part('B', ['y'])], 30)).toBe(
      'A\n\n+2\n\nB\n\ny\n',
    );
  });
});
