/** An example's own inputs, from `action-inputs.yml` in its directory. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { UsageError } from './local-arguments.ts';

const FILE = 'action-inputs.yml';

/** Empty when there is no such file. @throws UsageError when it is not a map of plain values. */
export async function readExampleInputs(directory: string): Promise<Record<string, string>> {
  const path = join(directory, FILE);
  const text = await readFile(path, 'utf8').catch(() => '');
  const inputs: unknown = parseYaml(path, text) ?? {};
  if (typeof inputs !== 'object' || Array.isArray(inputs)) {
    throw new UsageError(`${path} must be a map of input names to values.`);
  }
  const entries = Object.entries(inputs as object).map(([name, value]): [string, string] => {
    if (typeof value === 'object') throw new UsageError(`${path}: ${name} must be a plain value.`);
    return [name, String(value)];
  });
  return Object.fromEntries(entries);
}

function parseYaml(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`${path} is not YAML: ${error instanceof Error ? error.message : error}`);
  }
}
