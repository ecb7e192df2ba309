// A manifest against the API's types, as TypeScript sees them. The schema lets keys pass that it does
// not know; the compiler does not, and a misspelt securityContext is a pod without one.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ts = createRequire(import.meta.url)('typescript');
const HERE = dirname(fileURLToPath(import.meta.url));

/** The API's declarations, which every manifest is judged by. */
const parsed = new Map();

/** What the compiler says about a manifest of that type, a line a finding. */
export function typeErrors(manifest) {
  const { apiVersion, kind } = manifest;
  const file = join(HERE, 'manifest.ts');
  const text = `import { type I${kind} } from 'kubernetes-models/${apiVersion}/${kind}';
export const manifest: I${kind} = ${JSON.stringify(manifest)};`;
  const options = {
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    target: ts.ScriptTarget.ES2022,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) => {
    if (name === file) return ts.createSourceFile(name, text, options.target);
    if (!parsed.has(name)) parsed.set(name, getSourceFile.call(host, name, ...rest));
    return parsed.get(name);
  };
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  host.readFile = (name) => (name === file ? text : readFile.call(host, name));
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ': '));
}
