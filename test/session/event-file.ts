/** An event as the runner hands it to a step. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** The variables that tell of it. */
export function writeEvent(name: string, payload: object, ref: string): Record<string, string> {
  const directory = mkdtempSync(join(tmpdir(), 'event-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'event.json');
  writeFileSync(file, JSON.stringify(payload));
  return {
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: file,
    GITHUB_REPOSITORY: 'octo/site',
    GITHUB_REPOSITORY_ID: '9',
    GITHUB_REF: ref,
    GITHUB_SHA: 'a'.repeat(40),
  };
}
