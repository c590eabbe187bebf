/** What `action.yml` says, as far as the runner needs it to run a JavaScript action. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

export type ActionFile = {
  readonly name: string;
  readonly inputs: Readonly<Record<string, { description: string; default: string }>>;
  readonly outputs: Readonly<Record<string, { description: string }>>;
  /** Relative to the action's directory. */
  readonly main: string;
  readonly post: string | undefined;
};

export async function readActionFile(actionDir: string): Promise<ActionFile> {
  const yaml = parse(await readFile(join(actionDir, 'action.yml'), 'utf8'));
  return {
    name: yaml.name,
    inputs: mapValues(yaml.inputs ?? {}, (input) => ({
      description: input?.description ?? '',
      default: String(input?.default ?? ''),
    })),
    outputs: mapValues(yaml.outputs ?? {}, (output) => ({
      description: output?.description ?? '',
    })),
    main: yaml.runs.main,
    post: yaml.runs.post,
  };
}

type YamlEntry = { description?: string; default?: unknown } | null;

function mapValues<T>(map: Record<string, YamlEntry>, change: (value: YamlEntry) => T) {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

/**
 * The INPUT_ variables of a step: what it gives, over the defaults. Names are upper-cased and spaces
 * become `_`; a dash stays. The one expression that a default may hold is the workflow's token.
 */
export function inputVariables(
  action: ActionFile,
  given: Readonly<Record<string, string>>,
  token: string,
): Record<string, string> {
  const defaults = mapValues(action.inputs, (input) => evaluate(input?.default, token));
  const entries = Object.entries({ ...defaults, ...given });
  return Object.fromEntries(
    entries.map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  );
}

function evaluate(value: unknown, token: string): string {
  const text = String(value ?? '').replace(/\$\{\{\s*github\.token\s*\}\}/g, token);
  if (text.includes('${{')) throw new Error(`the harness cannot evaluate the default ${text}`);
  return text;
}
