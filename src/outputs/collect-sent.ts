/** Takes what the script itself sent out of the outputs: patch, changed names, result. */
import { isUtf8 } from 'node:buffer';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import { OWN } from './collect-place.ts';
import { SENT } from './collect-script.ts';
import type { Collected, CollectedFile } from './outputs.ts';

export type Sent = Pick<Collected, 'files' | 'patch' | 'changedFiles' | 'result' | 'notices'>;

/** The result's cap. */
export const RESULT_BYTES = 64 << 10;
/** Over this a patch stays a file and is not held in memory. */
const PATCH_BYTES = 32 << 20;
const NAMES_BYTES = 8 << 20;

/**
 * Moves the patch to `changes.patch` and removes the rest. A patch that is too large or not UTF-8,
 * which a text would falsify, is among `files`; every other one is the text `patch`.
 */
export function takeSent(directory: HostPath, files: readonly CollectedFile[]): Sent {
  const rest = files.filter(({ path }) => !path.startsWith(`${OWN}/`));
  const notices: string[] = [];
  try {
    const result = read(directory, files, SENT.result, RESULT_BYTES + 1);
    if (result.length > RESULT_BYTES) notices.push('The result was cut after 64 KiB');
    const changed = read(directory, files, SENT.changed, NAMES_BYTES).toString('utf8');
    const kept = keepPatch(directory, files);
    return {
      files: [...rest, ...kept.files],
      patch: kept.patch,
      changedFiles: changed.split('\0').filter((name) => name !== ''),
      result: decodeWhole(result.subarray(0, RESULT_BYTES)),
      notices: [...notices, ...kept.notices],
    };
  } finally {
    rmSync(join(directory, OWN), { recursive: true, force: true });
  }
}

function keepPatch(
  directory: HostPath,
  files: readonly CollectedFile[],
): Pick<Sent, 'files' | 'patch' | 'notices'> {
  const none = { files: [], patch: '', notices: [] };
  const sent = find(files, SENT.patch);
  if (sent === undefined || sent.size === 0) return none;
  const path = join(directory, SENT.patch);
  renameSync(join(directory, sent.path), path);
  const file = { ...sent, path: SENT.patch };
  if (sent.size > PATCH_BYTES) {
    return { ...none, files: [file], notices: ['The patch is over 32 MiB and only a file'] };
  }
  const bytes = readFileSync(path);
  if (isUtf8(bytes)) return { ...none, patch: bytes.toString('utf8') };
  return { ...none, files: [file], notices: ['The patch is not UTF-8 and only a file'] };
}

function find(files: readonly CollectedFile[], name: string): CollectedFile | undefined {
  return files.find(({ path }) => path === `${OWN}/${name}`);
}

/** Empty when it was not sent, or is over `most` bytes, which our script never sends. */
function read(
  directory: HostPath,
  files: readonly CollectedFile[],
  name: string,
  most: number,
): Buffer {
  const sent = find(files, name);
  if (sent === undefined || sent.size > most) return Buffer.alloc(0);
  return readFileSync(join(directory, sent.path));
}

/** Without half a character at the end. */
function decodeWhole(bytes: Buffer): string {
  return new TextDecoder().decode(bytes, { stream: true });
}
