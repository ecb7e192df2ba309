import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from '../support/project';

const DOCKERFILE = 'backend/deploy/Dockerfile';
const COMPOSE = 'backend/deploy/compose.yaml';
const JOB = 'backend/deploy/kubernetes/migrate-job.yaml';
const DEPLOYMENT = 'backend/deploy/kubernetes/deployment.yaml';
const HOOK = 'backend/deploy/helm/templates/migrate-job.yaml';
const WORKFLOW = '.github/workflows/ci.yml';
const ACTION = 'action.yml';
const EXAMPLE = 'docs/pipelines.md';

/** What a file must not be: the file, a text in it, what stands there instead, what is said of it. */
const BROKEN: [file: string, from: string | RegExp, to: string, finding: string][] = [
  [DOCKERFILE, 'EXPOSE 3000', 'EXPOZE 3000', 'Unknown instruction: EXPOZE'],
  [DOCKERFILE, /node:24-bookworm-slim/g, 'node:latest', 'latest is another one tomorrow'],
  [DOCKERFILE, /node:24-bookworm-slim/g, 'node', 'has no tag'],
  [DOCKERFILE, 'USER node\n', '', 'the image runs as root'],
  [DOCKERFILE, 'USER node\n', 'USER 0:0\n', 'the image runs as root'],
  [DOCKERFILE, /^HEALTHCHECK .*\n/m, '', 'no HEALTHCHECK'],
  [DOCKERFILE, 'CMD ["node", "dist/src/main.js"]', 'CMD npm start', 'CMD is not a list'],
  [DOCKERFILE, '--from=dependencies', '--from=deps', 'there is no stage "deps" above'],
  [DOCKERFILE, 'ENV NODE_ENV=production', 'ENV DB_PASSWORD=hunter2', 'a secret in the image'],
  [DOCKERFILE, /npm ci/g, 'npm install', 'npm ci keeps to the lock file'],
  [COMPOSE, 'service_completed_successfully', 'service_done', 'must be equal to one of'],
  [COMPOSE, 'service_completed_successfully', 'service_started', 'it serves before'],
  [COMPOSE, '    restart: unless-stopped', '    restarts: always', 'must NOT have additional'],
  [COMPOSE, /\n {4}healthcheck:(\n {6}.*)+/, '', 'a database without a healthcheck'],
  [COMPOSE, 'read_only: true', 'read_only: false', 'its file system is not read-only'],
  [COMPOSE, 'user: node', 'user: root', 'runs as root'],
  [COMPOSE, 'cap_drop: [ALL]', 'cap_drop: [CHOWN]', 'it keeps capabilities'],
  [COMPOSE, /DB_PASSWORD: .*/, 'DB_PASSWORD: hunter2', 'DB_PASSWORD is a secret in plain text'],
  [JOB, 'backoffLimit', 'backofLimit', '"backofLimit"\' does not exist'],
  [JOB, 'runAsNonRoot: true', "runAsNonRoot: 'yes'", 'must be boolean'],
  [JOB, /activeDeadlineSeconds.*/, '', 'no activeDeadlineSeconds'],
  [JOB, 'restartPolicy: Never', 'restartPolicy: OnFailure', 'restartPolicy is not Never'],
  [JOB, 'batch/v1', 'batch/v7', 'there is no Job in batch/v7'],
  [JOB, ':0.1.0', ':latest', 'latest is another one tomorrow'],
  [
    JOB,
    /- name: DB_PASSWORD\n.*/,
    '- { name: DB_PASSWORD, value: hunter2 }',
    'a secret in plain text',
  ],
  [DEPLOYMENT, '/readyz', '/healthz', 'no readiness probe on /readyz'],
  [DEPLOYMENT, 'readOnlyRootFilesystem: true', '', 'can write to its image'],
  [DEPLOYMENT, 'capabilities: { drop: [ALL] }', '', 'keeps capabilities'],
  [DEPLOYMENT, 'runAsNonRoot: true', '', 'may run as root'],
  [DEPLOYMENT, 'seccompProfile: { type: RuntimeDefault }', '', 'no seccompProfile'],
  [HOOK, '.Values.image', '.Values.picture', '{{ .Values.picture }} stands for nothing'],
  [HOOK, 'backoffLimit: 4', 'backoffLimit: several', 'must be'],
  [WORKFLOW, 'runs-on', 'run-on', 'run-on'],
  [WORKFLOW, '${{ matrix.node }}', '${{ matrix.node ', 'expression'],
  [WORKFLOW, 'permissions:\n  contents: read\n', '', 'the token may do everything'],
  [
    WORKFLOW,
    'actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683',
    'actions/checkout@main',
    'names no version',
  ],
  [ACTION, 'using: composite', 'using: composit', 'composit'],
  [ACTION, '"$INPUT_COMMAND"', '${{ inputs.command }}', 'an expression inside of a script'],
  [EXAMPLE, 'runs-on', 'run-on', 'run-on'],
];

describe('what deploys is linted, without a container engine', () => {
  let folder: string;
  let outcome: { code: number; lines: string[] };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'knexward-deploy-'));
    for (const [index, [file, from, to]] of BROKEN.entries()) {
      for (const beside of file === HOOK ? ['Chart.yaml', 'values.yaml'] : []) {
        const path = join(dirname(dirname(HOOK)), beside);
        write(`${index}/${path}`, read(path));
      }
      write(`${index}/${file}`, read(file).replace(from, to));
    }
    outcome = await lint(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };

  it('ours pass', async () => {
    const { code, lines } = await lint(REPOSITORY);
    expect(lines.filter((line) => line !== '' && !/^\d+ files, 0 findings/.test(line))).toEqual([]);
    expect(code).toBe(0);
  });

  it('a folder with nothing to lint is not a success', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'knexward-nothing-'));
    expect((await lint(empty)).code).toBe(1);
    rmSync(empty, { recursive: true });
  });

  it('broken ones fail', () => expect(outcome.code).toBe(1));

  it.each(BROKEN.map((entry, index) => [index, ...entry] as const))(
    '%i: %s with %p as %p',
    (index, file, from, to, finding) => {
      expect(read(file).replace(from, to)).not.toBe(read(file));
      const about = outcome.lines.filter((line) => line.startsWith(`${index}/${file}: `));
      expect(about.join('\n')).toContain(finding);
    },
  );
});

function lint(folder: string): Promise<{ code: number; lines: string[] }> {
  return new Promise((resolve) => {
    const script = join(REPOSITORY, 'scripts/lint-deploy.mjs');
    const child = execFile(process.execPath, [script, folder], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, lines: `${stderr}\n${stdout}`.split('\n') }),
    );
  });
}
