import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { REPOSITORY } from '../support/project';

/** A piece of code that the documentation shows. */
interface Example {
  place: string;
  code: string;
}

const PAGES = [
  'README.md',
  'docs/library.md',
  'docs/testing.md',
  'docs/configuration.md',
  'docs/production.md',
  'docs/writing-migrations.md',
];

/** The blocks of TypeScript in a page. */
function examplesInPage(page: string): Example[] {
  const text = readFileSync(join(REPOSITORY, page), 'utf8');
  return [...text.matchAll(/^( *)```ts\n([\s\S]*?)^\1```$/gm)].map(({ 2: code = '', index }) => ({
    place: `${page}:${text.slice(0, index).split('\n').length}`,
    code,
  }));
}

/** The `@example` blocks of a module's doc comments. */
function examplesInModule(path: string): Example[] {
  const source = readFileSync(path, 'utf8');
  const comments = [...source.matchAll(/\/\*\*[\s\S]*?\*\//g)];
  return comments.flatMap(({ 0: comment, index }) => {
    const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, ''));
    const start = lines.indexOf('@example');
    if (start < 0) return [];
    const end = lines.findIndex((line, at) => at > start && /^(@|\/$)/.test(line));
    const line = source.slice(0, index).split('\n').length + start;
    const code = lines.slice(start + 1, end).join('\n');
    return [{ place: `${path.slice(REPOSITORY.length + 1)}:${line}`, code }];
  });
}

/** The modules that the package's entry exports from, and itself. */
function publicModules(): string[] {
  const entry = join(REPOSITORY, 'src/index.ts');
  const source = readFileSync(entry, 'utf8');
  const exported = [...source.matchAll(/ from '(\.[^']+)\.js';/g)].map(({ 1: path = '' }) =>
    resolve(dirname(entry), `${path}.ts`),
  );
  return [entry, ...new Set(exported)];
}

/** Compiles all of them as one program, against the types that users get. */
function complaints(examples: readonly Example[]): string[] {
  const files = new Map(
    examples.map((example, index) => [
      join(REPOSITORY, 'tests', `example-${index}.mts`),
      { ...example, code: withImport(example.code) },
    ]),
  );
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, types: ['node'] },
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const onDisk = { ...host };
  host.fileExists = (path) => files.has(path) || onDisk.fileExists(path);
  host.readFile = (path) => files.get(path)?.code ?? onDisk.readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const code = files.get(path)?.code;
    if (code === undefined) return onDisk.getSourceFile(path, ...rest);
    return ts.createSourceFile(path, code, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const place = file ? (files.get(file.fileName)?.place ?? file.fileName) : '';
    return `${place} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** A short example may leave its import out. */
function withImport(code: string): string {
  return /^import /m.test(code) ? code : `import { KnexwardError } from 'knexward';\n${code}`;
}

const WRONG: Example = {
  place: 'a wrong example',
  code: "import { createMigrator } from 'knexward';\nawait createMigrator().up({ step: 1 });",
};

const FACE: Example = {
  place: 'the face',
  code: `
    import createKnex, { type Knex } from 'knex';
    import { knexMigrate } from 'knexward';
    type Used = Pick<Knex.Migrator, 'latest' | 'up' | 'down' | 'rollback' | 'list' | 'currentVersion'
      | 'status' | 'make' | 'forceFreeMigrationsLock'>;
    export const migrate: Used = knexMigrate(createKnex({ client: 'pg' }));`,
};

describe('the examples in the documentation', () => {
  const examples = [...PAGES.flatMap(examplesInPage), ...publicModules().flatMap(examplesInModule)];
  let found: string[];
  beforeAll(() => {
    found = complaints([...examples, WRONG, FACE]);
  });
  const about = ({ place }: Example) => found.filter((complaint) => complaint.startsWith(place));

  it('every example of the public API, and in the pages about it, compiles', () => {
    const places = examples.map(({ place }) => place.split(':')[0]);
    expect(places).toEqual(expect.arrayContaining(['docs/library.md', 'src/migrator/migrator.ts']));
    expect(found.filter((complaint) => !about(WRONG).includes(complaint))).toEqual([]);
  });

  it('an example that is wrong is found', () => {
    expect(about(WRONG)).toEqual([expect.stringContaining("'step' does not exist")]);
  });

  it("the face can stand wherever knex.migrate's type is asked for", () => {
    expect(about(FACE)).toEqual([]);
  });
});
