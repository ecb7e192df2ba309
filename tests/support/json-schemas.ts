import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KNEX_WORDS } from '../../src/cli/knex-words';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';

const FOLDER = join(__dirname, '../../schemas');

/** The names of the schemas that ship with the package. */
export function schemaNames(): string[] {
  return readdirSync(FOLDER).map((file) => file.replace('.json', ''));
}

const compiled = new Map<string, ValidateFunction>();

/** Whether a value fits a schema, and has no key that the schema does not name; else what is wrong. */
export function complaintsOf(name: string, value: unknown): string[] {
  let validate = compiled.get(name);
  if (!validate) {
    const schema: unknown = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
    validate = new Ajv2020({ allErrors: true, strictTypes: false }).compile(
      strict(schema) as object,
    );
    compiled.set(name, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** The shipped ones let more keys in: some may be added. In a test, each has to be in the schema. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const whole = Object.fromEntries(
    Object.entries(schema).map(([key, part]) => [key, strict(part)]),
  );
  return 'properties' in whole ? { additionalProperties: false, ...whole } : whole;
}

/** Which schema the document of a command line has to fit. */
export function schemaOf(args: readonly string[], document: object): string {
  // A command that had done something before tells of that, too, and has its own.
  const alone = ['version', 'environment', 'database', 'error'];
  if (Object.keys(document).every((key) => alone.includes(key)) && 'error' in document)
    return 'error';
  const fleet = args[0] === 'fleet' ? `fleet-${args[1] ?? ''}` : '';
  if (schemaNames().includes(fleet)) return fleet;
  const words = [...Object.keys(KNEX_WORDS), ...schemaNames(), 'seed:make'];
  const word = args.find((each) => words.includes(each)) ?? '';
  const name = (KNEX_WORDS[word]?.command ?? word).replace(':', '-');
  const phase = ['--finish', '--undo', '--check'].find((flag) => args.includes(flag));
  const special = `${name}-${phase?.slice(2) ?? ''}`;
  return schemaNames().includes(special) ? special : name;
}

/** @throws Error where a command line that was asked for JSON has printed anything else than its schema says */
export function holdToSchema(args: readonly string[], stdout: string): void {
  if (!args.includes('--json') || stdout.trim() === '') return;
  const document = JSON.parse(stdout) as object;
  const name = schemaOf(args, document);
  const complaints = complaintsOf(name, document);
  if (complaints.length === 0) return;
  throw new Error(
    `The output of ${args.join(' ')} is not as schemas/${name}.json says:\n${complaints.join('\n')}`,
  );
}
