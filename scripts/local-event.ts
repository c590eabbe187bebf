/** The event of `--event FILE`: the payload is the file, the event's name is the beginning of its name. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { StepEvent } from '../test/runner/step-environment.ts';
import { UsageError } from './local-arguments.ts';

/** `pull_request.json` and `pull_request.opened.json` are both a pull_request. @throws UsageError */
export async function readEvent(file: string | undefined): Promise<StepEvent | undefined> {
  if (file === undefined) return undefined;
  const name = basename(file).split('.')[0] ?? '';
  if (!/^[a-z]+(_[a-z]+)*$/.test(name)) {
    throw new UsageError(`--event ${file}: name the file after its event, as pull_request.json.`);
  }
  try {
    return { name, payload: JSON.parse(await readFile(file, 'utf8')) };
  } catch (error) {
    throw new UsageError(`--event ${file}: ${error instanceof Error ? error.message : error}`);
  }
}
