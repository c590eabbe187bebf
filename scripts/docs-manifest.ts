/** Writes the manifest's JSON Schemas and its reference in `docs/` from the schema in the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { agentSchema, manifestSchema } from '../src/manifest/schema.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const BEGIN = '<!-- reference: written by scripts/docs-manifest.ts -->\n';
const END = '<!-- end of reference -->';

const root = new URL('..', import.meta.url);
const documentUrl = new URL('docs/manifest.md', root);

/** Every file that follows from the schema, by its path in the repository. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const document = readFileSync(documentUrl, 'utf8');
  return new Map([
    ['schema/manifest.schema.json', print(manifestJsonSchema())],
    ['schema/bottle.schema.json', print(partSchema('Frontmatter of a bottle', 'bottle'))],
    ['schema/agent.schema.json', print(partSchema('Frontmatter of an agent', 'agent-frontmatter'))],
    ['docs/manifest.md', withReference(document)],
  ]);
}

/** A whole manifest in one file; under `$defs` also what one Markdown file may hold. */
export function manifestJsonSchema(): JsonSchema {
  const whole = toJsonSchema(manifestSchema);
  const { $schema: _, ...frontmatter } = toJsonSchema(agentSchema.omit({ prompt: true }));
  const { $schema, $defs, ...rest } = whole;
  return {
    $schema: DIALECT,
    title: 'Manifest of a bottle, in one file',
    ...rest,
    $defs: { ...$defs, 'agent-frontmatter': frontmatter },
  };
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
}

function partSchema(title: string, definition: string): JsonSchema {
  return { $schema: DIALECT, title, $ref: `manifest.schema.json#/$defs/${definition}` };
}

function print(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function withReference(document: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('docs/manifest.md has lost its reference markers');
  return document.slice(0, begin + BEGIN.length) + referenceTables() + document.slice(end);
}

function referenceTables(): string {
  const { $defs = {} } = manifestJsonSchema();
  const table = (title: string, definition: JsonSchema = {}) => [
    `### ${title}`,
    '',
    '| field | value | meaning |',
    '|---|---|---|',
    ...rows(definition, ''),
  ];
  const lines = [
    ...table('Bottle', $defs.bottle),
    '',
    ...table('Route', $defs.route),
    '',
    ...table('Agent', $defs.agent),
  ];
  return `\n${lines.join('\n')}\n\n`;
}

/** One row a field, depth first, in the schema's order. */
function rows(schema: JsonSchema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (typeof field === 'boolean') return [];
    const here = path === '' ? name : `${path}.${name}`;
    const needed = schema.required?.includes(name) ? ' **required**' : '';
    const row = `| \`${here}\` | ${kindOf(field)}${needed} | ${field.description ?? ''} |`;
    return [row, ...membersOf(field, here)];
  });
}

function membersOf(schema: JsonSchema, path: string): string[] {
  const { items, additionalProperties: values, anyOf, oneOf } = schema;
  const branches = (anyOf ?? oneOf ?? []).flatMap((branch) => membersOf(branch, path));
  const listed = isSchema(items) ? membersOf(items, `${path}[]`) : [];
  const mapped = isSchema(values) ? membersOf(values, `${path}.<name>`) : [];
  return [...rows(schema, path), ...listed, ...mapped, ...branches];
}

/** In a few words, what may stand there. */
function kindOf(schema: JsonSchema): string {
  const { anyOf, oneOf, items, additionalProperties: values } = schema;
  const branches = anyOf ?? (schema.properties ? undefined : oneOf);
  if (branches) return branches.map(kindOf).join(' or ');
  // A part that has a table of its own.
  if (schema.$ref) return schema.$ref.replace('#/$defs/', '');
  if (schema.enum) return schema.enum.map((choice) => `\`${choice}\``).join(', ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.type === 'array') return isSchema(items) ? `list of: ${kindOf(items)}` : 'list';
  if (schema.type === 'object')
    return isSchema(values) && values.type ? `map of: ${kindOf(values)}` : 'map';
  if (schema.type === 'string') return 'text';
  if (schema.type === 'boolean') return '`true` or `false`';
  return schema.type === undefined ? 'anything' : range(schema);
}

function range({ type, minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  const kind = type === 'integer' ? 'whole number' : 'number';
  const low = exclusiveMinimum === undefined ? minimum : `more than ${exclusiveMinimum}`;
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`;
  return `${kind}, ${low}${high || ' or more'}`;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

if (import.meta.main) {
  for (const [path, text] of generatedFiles()) writeFileSync(new URL(path, root), text);
}
