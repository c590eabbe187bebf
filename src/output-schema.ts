/** Holds data to a JSON Schema, in bounded time whatever either of them is. */
import { createContext, Script } from 'node:vm';
import type { AnySchema, ErrorObject, Options, ValidateFunction } from 'ajv';
import { BottleError, messageOf } from './errors.ts';

/** Where the data is not as the schema wants it. */
export type SchemaProblem = {
  /** A JSON pointer; empty: the whole. */
  readonly path: string;
  /** The schema's keyword, or a bound of ours: `size`, `time`, `depth`. */
  readonly rule: string;
  readonly message: string;
};

export type SchemaCheck = (data: unknown) => SchemaProblem | undefined;

const MAX_BYTES = 8 * 1024 * 1024;
/** A regular expression can be slow for longer than anybody waits. */
const LONGEST_MS = 5000;

/**
 * Of draft 2020-12, or of draft 7 where `$schema` says so. Formats are not looked at.
 * @throws {BottleError} `config-invalid`: it is no schema
 */
export async function compileSchema(schema: AnySchema, source: string): Promise<SchemaCheck> {
  // It takes 50 ms to load: only when somebody asks for a schema.
  const { Ajv } = await import('ajv');
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const dialect = typeof schema === 'object' ? String(schema.$schema ?? '') : '';
  const options: Options = { strict: false, validateFormats: false, logger: false };
  const ajv = /draft-0[67]/.test(dialect) ? new Ajv(options) : new Ajv2020(options);
  try {
    const validate = inTime(() => ajv.compile(schema));
    return (data) => check(validate, data);
  } catch (error) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: `output_schema is no JSON Schema: ${messageOf(error)}`,
      where: `output_schema, ${source}`,
      fix: 'Correct it: JSON Schema of draft 2020-12, or of draft 7 where "$schema" says so.',
      cause: error,
    });
  }
}

function check(validate: ValidateFunction, data: unknown): SchemaProblem | undefined {
  if (Buffer.byteLength(JSON.stringify(data) ?? '') > MAX_BYTES) {
    return { path: '', rule: 'size', message: `must not be larger than ${MAX_BYTES} bytes` };
  }
  try {
    if (inTime(() => validate(data))) return undefined;
    return problemOf(validate.errors?.[0]);
  } catch (error) {
    const isDeep = error instanceof RangeError;
    return isDeep
      ? { path: '', rule: 'depth', message: 'must not be nested that deeply' }
      : { path: '', rule: 'time', message: `must be checked within ${LONGEST_MS} ms` };
  }
}

/** The engine itself ends what runs longer, within a regular expression too. */
function inTime<T>(action: () => T): T {
  const script = new Script('action()');
  return script.runInContext(createContext({ action }), { timeout: LONGEST_MS }) as T;
}

function problemOf(error: ErrorObject | undefined): SchemaProblem {
  const { instancePath = '', keyword = 'false schema', message = 'is not allowed' } = error ?? {};
  const [named] = Object.values(error?.params ?? {}).filter((value) => typeof value === 'string');
  const detail = keyword === 'additionalProperties' && named !== undefined ? `: ${named}` : '';
  return { path: instancePath, rule: keyword, message: message + detail };
}
