/** Takes what the script itself sent out of the outputs: the bundles of the work, and the result. */
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import { OWN } from './collect-place.ts';
import { SENT } from './collect-script.ts';
import type { Collected, CollectedFile } from './outputs.ts';

export type Sent = Pick<Collected, 'files' | 'sent' | 'result' | 'notices'>;

/** The result's cap. */
export const RESULT_BYTES = 64 << 10;

/** Moves the bundles to `bundles`, which is made, and removes the rest. */
export function takeSent(
  directory: HostPath,
  files: readonly CollectedFile[],
  bundles: HostPath,
): Sent {
  try {
    const result = readResult(directory, files);
    const isCut = result.length > RESULT_BYTES;
    return {
      files: files.filter(({ path }) => !path.startsWith(`${OWN}/`)),
      sent: {
        work: keepBundle(directory, files, bundles, SENT.work),
        commits: keepBundle(directory, files, bundles, SENT.commits),
        unchanged: find(files, SENT.unchanged) !== undefined,
      },
      result: decodeWhole(result.subarray(0, RESULT_BYTES)),
      notices: isCut ? ['The result was cut after 64 KiB'] : [],
    };
  } finally {
    rmSync(join(directory, OWN), { recursive: true, force: true });
  }
}

/** Empty when it did not come. */
function keepBundle(
  directory: HostPath,
  files: readonly CollectedFile[],
  bundles: HostPath,
  name: string,
): HostPath {
  const sent = find(files, name);
  if (sent === undefined) return '';
  const path = join(bundles, name);
  mkdirSync(bundles, { recursive: true });
  renameSync(join(directory, sent.path), path);
  return path;
}

function find(files: readonly CollectedFile[], name: string): CollectedFile | undefined {
  return files.find(({ path }) => path === `${OWN}/${name}`);
}

/** Empty when it was not sent, or is larger than what our script sends. */
function readResult(directory: HostPath, files: readonly CollectedFile[]): Buffer {
  const sent = find(files, SENT.result);
  if (sent === undefined || sent.size > RESULT_BYTES + 1) return Buffer.alloc(0);
  return readFileSync(join(directory, sent.path));
}

/** Without half a character at the end. */
function decodeWhole(bytes: Buffer): string {
  return new TextDecoder().decode(bytes, { stream: true });
}
