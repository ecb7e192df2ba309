// Judges Kubernetes manifests and a small Helm chart: their types, and what we want of every pod.
import { createRequire } from 'node:module';
import { parse, parseAllDocuments } from 'yaml';
import { imageProblem, isPlainSecret } from './images.mjs';
import { typeErrors } from './manifest-types.mjs';

const require = createRequire(import.meta.url);

/** What is wrong, a line a finding. */
export function lintKubernetes(content) {
  return parseAllDocuments(content).flatMap((document) => {
    if (document.errors.length > 0) return document.errors.map(({ message }) => message);
    const manifest = document.toJS();
    if (manifest === null) return [];
    const name = `${manifest.kind} ${manifest.metadata?.name}`;
    return [...judgeType(manifest), ...judgeKind(manifest)].map((text) => `${name}: ${text}`);
  });
}

/**
 * A template of a chart with the values put in. Knows plain references such as
 * `{{ .Values.image }}`, and refuses the rest: Helm itself is not here to carry that out.
 */
export function renderHelm(template, chart, values) {
  const { appVersion, ...rest } = parse(chart);
  const scope = {
    Values: parse(values),
    Chart: { ...rest, Name: rest.name, Version: rest.version, AppVersion: appVersion },
    Release: { Name: 'release', Namespace: 'default' },
  };
  return template.replace(/\{\{-?\s*(.*?)\s*-?\}\}/g, (_, expression) => {
    const value = /^(\.\w+)+$/.test(expression)
      ? expression
          .slice(1)
          .split('.')
          .reduce((found, key) => found?.[key], scope)
      : undefined;
    if (typeof value === 'object' || value === undefined) {
      throw new Error(`{{ ${expression} }} stands for nothing`);
    }
    return String(value);
  });
}

/** The type, by the API's own description: its schema, and that there are no other keys. */
function judgeType(manifest) {
  const { apiVersion, kind } = manifest;
  let Model;
  try {
    Model = require(`kubernetes-models/${apiVersion}/${kind}`)[kind];
  } catch {
    return [`there is no ${kind} in ${apiVersion}`];
  }
  try {
    new Model(manifest).validate();
    return typeErrors(manifest);
  } catch (error) {
    return [error.message];
  }
}

function judgeKind({ kind, spec }) {
  const pod = spec?.template?.spec;
  if (!pod) return [];
  const containers = [...(pod.initContainers ?? []), ...(pod.containers ?? [])];
  return [
    ...(kind === 'Job' ? judgeJob(spec, pod) : []),
    ...(kind === 'Deployment' ? pod.containers.flatMap(judgeProbes) : []),
    ...judgePod(pod),
    ...containers.flatMap((container) =>
      judgeContainer(container).map((finding) => `container ${container.name}: ${finding}`),
    ),
  ];
}

function judgeJob(spec, pod) {
  const findings = [];
  if (!spec.activeDeadlineSeconds) findings.push('no activeDeadlineSeconds: it may hang for ever');
  if (spec.backoffLimit === undefined) findings.push('no backoffLimit');
  if (pod.restartPolicy !== 'Never') {
    findings.push('restartPolicy is not Never: the log of a failed attempt would be lost');
  }
  return findings;
}

function judgeProbes({ name, readinessProbe, livenessProbe }) {
  const findings = [];
  if (readinessProbe?.httpGet?.path !== '/readyz') findings.push('no readiness probe on /readyz');
  if (livenessProbe?.httpGet?.path !== '/healthz') findings.push('no liveness probe on /healthz');
  return findings.map((finding) => `container ${name}: ${finding}`);
}

function judgePod({ securityContext, automountServiceAccountToken }) {
  const findings = [];
  if (securityContext?.runAsNonRoot !== true) findings.push('may run as root: runAsNonRoot');
  if (securityContext?.seccompProfile?.type !== 'RuntimeDefault') {
    findings.push('no seccompProfile RuntimeDefault');
  }
  if (automountServiceAccountToken !== false) findings.push('mounts a token that it does not need');
  return findings;
}

function judgeContainer({ image, env = [], securityContext = {}, resources }) {
  const problem = imageProblem(image);
  const findings = problem ? [problem] : [];
  for (const { name, value } of env) {
    if (isPlainSecret(name, value)) findings.push(`${name} is a secret in plain text`);
  }
  if (securityContext.readOnlyRootFilesystem !== true) findings.push('can write to its image');
  if (securityContext.allowPrivilegeEscalation !== false) findings.push('can gain privileges');
  if (!securityContext.capabilities?.drop?.includes('ALL')) findings.push('keeps capabilities');
  if (!resources?.limits?.memory) findings.push('no limit of memory');
  return findings;
}
