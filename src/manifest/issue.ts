/** Turns what the schema found wrong into faults: a place in the text, a sentence and its cure. */
import { z } from 'zod';
import {
  type Fault,
  findNode,
  keyOffset,
  type Located,
  type Path,
  quote,
  valueOffset,
} from './located.ts';
import { didYouMean, listNames } from './nearest.ts';
import { replacementOf } from './retired.ts';
import { manifestSchema } from './schema.ts';

type Issue = z.core.$ZodIssue;

/** What was validated: a whole manifest, or the entry at `place` of one. */
export type Validated = {
  readonly tree: Located;
  /** From the root of a manifest down to `tree`: `[]`, `['bottles', 'dev']`. */
  readonly place: Path;
  /** Turns an offset into a line, for faults that name a second place. */
  lineAt(offset: number): number;
};

/** No message quotes a value: it may be a secret in the wrong field. Keys and choices are said. */
export function faultsOf(issues: readonly Issue[], validated: Validated): Fault[] {
  return issues.flatMap((issue) => faultsOfIssue(issue, issue.path, validated));
}

function faultsOfIssue(issue: Issue, path: Path, validated: Validated): Fault[] {
  const { tree } = validated;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      offset: keyOffset(tree, [...path, key]),
      message: `${spell([...path, key])}: ${unknownKey(key, [...validated.place, ...path])}`,
    }));
  }
  if (issue.code === 'invalid_key') {
    const message = `${spell(path)}: the name ${issue.issues[0]?.message ?? ''}`;
    return [{ offset: keyOffset(tree, path), message }];
  }
  if (issue.code === 'invalid_union') {
    const inner = likeliestBranch(issue);
    if (inner !== undefined) {
      return inner.flatMap((found) => faultsOfIssue(found, [...path, ...found.path], validated));
    }
  }
  const message = `${spell(path)}: ${describe(issue, path, validated)}`;
  return [{ offset: valueOffset(tree, path), message }];
}

/** The branch that took the value's kind and only found something wrong inside it. */
function likeliestBranch(issue: Extract<Issue, { code: 'invalid_union' }>) {
  return issue.errors.find((branch) => branch.every((found) => found.path.length > 0));
}

function describe(issue: Issue, path: Path, { tree, lineAt }: Validated): string {
  const node = findNode(tree, path);
  if (node === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}, but is ${kindOf(node)}`;
    case 'invalid_value':
      return oneOf(issue.values.map(String), node);
    case 'too_small':
    case 'too_big':
      return bound(issue);
    case 'custom': {
      const first = issue.params?.first as Path | undefined;
      if (first === undefined) return issue.message;
      const offset = valueOffset(tree, [...path.slice(0, -first.length), ...first]);
      return `${issue.message} (the first is on line ${lineAt(offset)})`;
    }
    default:
      return issue.message;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function kindOf(node: Located): string {
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a map';
  if (node.value === null) return 'nothing; give a value ({} for an empty map) or remove the key';
  if (typeof node.value === 'string') return 'text';
  if (typeof node.value === 'number' && !Number.isFinite(node.value)) return 'not finite';
  const kind = typeof node.value === 'number' ? 'a number' : 'true or false';
  return `${kind} (quotes make it text)`;
}

function oneOf(accepted: readonly string[], node: Located): string {
  const typed = node.kind === 'scalar' ? String(node.value) : '';
  const choice = accepted.length === 1 ? accepted[0] : `one of ${accepted.join(', ')}`;
  return `must be ${choice}.${didYouMean(typed, accepted)}`;
}

function bound(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  const small = issue.code === 'too_small';
  const limit = String(small ? issue.minimum : issue.maximum);
  const unit = { string: ' characters', array: ' entries' }[String(issue.origin)] ?? '';
  if (small && issue.inclusive === false) return `must be more than ${limit}`;
  return `must ${unit === '' ? 'be' : 'have'} at ${small ? 'least' : 'most'} ${limit}${unit}`;
}

function unknownKey(key: string, place: Path): string {
  const { pattern, keys } = acceptedAt(place);
  const instead = replacementOf(pattern, key);
  if (instead !== undefined) return `this key is not accepted any more: ${instead}`;
  return `unknown key.${didYouMean(key, keys)} Accepted here: ${listNames(keys)}.`;
}

/** The keys that the schema has at `place`, and that place with `*` for names and indices. */
function acceptedAt(place: Path): { readonly pattern: string; readonly keys: readonly string[] } {
  let schema: z.core.$ZodType = manifestSchema;
  const pattern: string[] = [];
  for (const step of place) {
    schema = inside(schema);
    if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodObject) {
      schema = schema.shape[String(step)];
      pattern.push(String(step));
      continue;
    }
    pattern.push('*');
  }
  return { pattern: pattern.join('.'), keys: [...new Set(keysOf(inside(schema)))] };
}

function keysOf(schema: z.core.$ZodType): readonly string[] {
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(keysOf);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function inside(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional ? schema.def.innerType : schema;
}

/** `egress.routes[0].host`. */
function spell(path: Path): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${plainKey(step)}`));
  return text.join('').replace(/^\./, '') || 'the file';
}

function plainKey(step: PropertyKey): string {
  const key = String(step);
  return /^[\w-]{1,60}$/.test(key) ? key : quote(key);
}
