// Judges GitHub's workflows and actions with GitHub's own parser, and by two rules of ours.
import { createJiti } from 'jiti';
import { parse } from 'yaml';

// The parser imports JSON in the way of bundlers, which Node.js itself refuses.
const jiti = createJiti(import.meta.url, { tryNative: false, interopDefault: false });
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await jiti.import(
  '@actions/workflow-parser',
);
const { convertActionTemplate, parseAction } = await jiti.import(
  '@actions/workflow-parser/actions/index',
);

/** What is wrong with a workflow, a line a finding. */
export async function lintWorkflow(content) {
  const trace = new NoOperationTraceWriter();
  const { context, value } = parseWorkflow({ name: 'workflow.yml', content }, trace);
  if (value) await convertWorkflowTemplate(context, value);
  const findings = errorsOf(context);
  const workflow = findings.length === 0 ? parse(content) : undefined;
  if (workflow && workflow.permissions === undefined) {
    findings.push('no permissions: the token may do everything');
  }
  const jobs = Object.values(workflow?.jobs ?? {});
  return [...findings, ...jobs.flatMap(({ steps = [] }) => steps.flatMap(judgeStep))];
}

/** What is wrong with an action's own file, a line a finding. */
export function lintAction(content) {
  const trace = new NoOperationTraceWriter();
  const { context, value } = parseAction({ name: 'action.yml', content }, trace);
  if (value) convertActionTemplate(context, value);
  const findings = errorsOf(context);
  const steps = findings.length === 0 ? (parse(content).runs.steps ?? []) : [];
  return [...findings, ...steps.flatMap(judgeStep)];
}

function errorsOf(context) {
  return context.errors
    .getErrors()
    .map(({ range, rawMessage }) =>
      range ? `line ${range.start.line}: ${rawMessage}` : rawMessage,
    );
}

function judgeStep({ name, uses, run }) {
  const findings = [];
  const step = `step ${name ?? uses ?? String(run).split('\n')[0]}`;
  if (uses && !uses.startsWith('./') && !/@(v\d|[0-9a-f]{40}$)/.test(uses)) {
    findings.push(`${step}: it names no version of the action`);
  }
  // What an expression puts in becomes part of the script, whatever it holds.
  if (/\$\{\{\s*(inputs|github\.event|github\.head_ref)/.test(run ?? '')) {
    findings.push(`${step}: an expression inside of a script: give it as a variable`);
  }
  return findings;
}
