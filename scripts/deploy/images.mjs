// Two rules that hold wherever an image or an environment variable is named.

const SECRET = /PASSWORD|PASSWD|SECRET|TOKEN|API_KEY|PRIVATE_KEY|DATABASE_URL/i;

/** What is wrong with the name of an image: it must say which one, today and in a year. */
export function imageProblem(image) {
  const [, tag] = /^[^@]*?(?::([^:/@]+))?(?:@sha256:[0-9a-f]{64})?$/.exec(image ?? '') ?? [];
  if (/@sha256:/.test(image ?? '')) return undefined;
  if (tag === undefined) return `image "${image}" has no tag`;
  if (tag === 'latest') return `image "${image}": latest is another one tomorrow`;
  return undefined;
}

/** Whether a variable of that name and value is a secret that everybody can read. */
export function isPlainSecret(name, value) {
  if (!SECRET.test(name) || value === undefined || value === null || value === '') return false;
  return !/^\$\{.+\}$/s.test(String(value));
}
