/** The agent's answer as data, in a file of the artifact and, where it is small enough, an output. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPath } from '../host/host.ts';

const NAME = 'structured.json';
/** GitHub takes no larger output. */
const LARGEST_OUTPUT = 1_000_000;

type WithData = { readonly structured?: unknown };

/** The file as a list; none where there is no such answer. */
export async function keepStructured(run: WithData, directory: HostPath): Promise<HostPath[]> {
  if (run.structured === undefined) return [];
  const path = join(directory, NAME);
  await writeFile(path, JSON.stringify(run.structured), { mode: 0o600 });
  return [path];
}

/** A notice about an answer that is too large for an output. */
export function structuredNotices({ structured }: WithData): readonly string[] {
  const size = Buffer.byteLength(JSON.stringify(structured) ?? '');
  if (size <= LARGEST_OUTPUT) return [];
  return [`The structured output has ${size} bytes: it is in ${NAME} of the artifact only`];
}

/** As it stands in the file, from which secrets are gone by now; empty where it is too large. */
export async function structuredOutput(directory: HostPath): Promise<string> {
  const path = join(directory, NAME);
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  return size === 0 || size > LARGEST_OUTPUT ? '' : await readFile(path, 'utf8');
}
