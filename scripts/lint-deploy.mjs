// Lints what deploys: Dockerfiles, compose files, Kubernetes manifests, Helm charts, workflows and
// actions. `npm run lint:deploy`, or `node scripts/lint-deploy.mjs FOLDER`. There need be no engine.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lintCompose } from './deploy/compose.mjs';
import { lintDockerfile } from './deploy/dockerfile.mjs';
import { lintAction, lintWorkflow } from './deploy/github.mjs';
import { lintKubernetes, renderHelm } from './deploy/kubernetes.mjs';

const ROOT = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))));
const SKIPPED = new Set(['node_modules', 'dist', '.git', '.cache', 'fixtures', 'examples']);

/** Which linter a file is for, by its path. The first that fits. */
const LINTERS = [
  [/(^|\/)Dockerfile$/, lintDockerfile],
  [/(^|\/)compose[^/]*\.ya?ml$/, lintCompose],
  [/(^|\/)\.github\/workflows\/[^/]+\.ya?ml$/, lintWorkflow],
  [/(^|\/)action\.ya?ml$/, lintAction],
  [/(^|\/)kubernetes\/[^/]+\.ya?ml$/, lintKubernetes],
  [/(^|\/)helm\/templates\/[^/]+\.ya?ml$/, lintTemplate],
  [/(^|\/)docs\/.*\.md$/, lintExamples],
];

let files = 0;
const findings = [];
for (const path of pathsIn(ROOT)) {
  const [, lint] = LINTERS.find(([pattern]) => pattern.test(path)) ?? [];
  if (!lint) continue;
  files++;
  findings.push(...(await lintFile(path, lint)).map((finding) => `${path}: ${finding}`));
}
for (const finding of findings) console.error(finding);
console.log(`${files} files, ${findings.length} findings.`);
process.exitCode = findings.length > 0 || files === 0 ? 1 : 0;

async function lintFile(path, lint) {
  try {
    return await lint(readFileSync(join(ROOT, path), 'utf8'), path);
  } catch (error) {
    return [error.message];
  }
}

function lintTemplate(template, path) {
  const chart = join(ROOT, dirname(dirname(path)));
  const [head, values] = ['Chart.yaml', 'values.yaml'].map((name) =>
    readFileSync(join(chart, name), 'utf8'),
  );
  return lintKubernetes(renderHelm(template, head, values));
}

/** The workflows that a document shows: they are copied as they stand. */
async function lintExamples(text) {
  const blocks = [...text.matchAll(/^```ya?ml\n(.*?)^```$/gms)].map(([, block]) => block);
  const workflows = blocks.filter((block) => /^jobs:/m.test(block));
  return (await Promise.all(workflows.map(lintWorkflow))).flat();
}

function pathsIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : pathsIn(path);
    return [relative(ROOT, path).replaceAll('\\', '/')];
  });
}
