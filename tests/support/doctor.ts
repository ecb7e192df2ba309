import { type Outcome, type Project } from './project';

/** One of doctor's checks, as `--json` tells it. */
export interface DoctorCheck {
  code: string;
  status: 'green' | 'yellow' | 'red';
  message: string;
  fix: string | null;
}

/** What `doctor --json` said. */
export interface Diagnosed {
  exitCode: number | null;
  checks: DoctorCheck[];
  /** The checks of one code, of which there must be one at least. */
  of(code: string): DoctorCheck[];
  /** The status of the only check of that code. */
  status(code: string): string;
  /** The codes of everything that is not green, each once, sorted. */
  findings(): string[];
  outcome: Outcome;
}

/** Runs `doctor --json` in a project, against the database of that URL. */
export async function runDoctor(
  project: Project,
  url: string,
  env: Record<string, string> = {},
): Promise<Diagnosed> {
  const outcome = await project.knexward(['doctor', '--json'], { TEST_DATABASE_URL: url, ...env });
  const { checks } = outcome.json<{ checks: DoctorCheck[] }>();
  const of = (code: string): DoctorCheck[] => {
    const found = checks.filter((check) => check.code === code);
    if (found.length === 0) throw new Error(`No check ${code} in ${outcome.stdout}`);
    return found;
  };
  return {
    exitCode: outcome.code,
    checks,
    of,
    status: (code) => {
      const [check, ...more] = of(code);
      if (more.length > 0) throw new Error(`More than one ${code} in ${outcome.stdout}`);
      return check?.status ?? '';
    },
    findings: () =>
      [
        ...new Set(checks.filter(({ status }) => status !== 'green').map(({ code }) => code)),
      ].sort(),
    outcome,
  };
}
