/**
 * Brings the agent's program into a guest: a copy, over the stream that all else takes. A read-only
 * volume would be one by the word of the guest's own kernel; see docs/decisions.
 */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BottleError } from '../../errors.ts';
import type { HostPath } from '../../host/host.ts';
import { printableEnd } from '../../printable.ts';
import { type TarEntry, writeTar } from '../../tar/write.ts';
import type { Machine, MachineSpec } from '../machine.ts';

const TIMEOUT_MS = 5 * 60_000;

/** Root's own, so that the agent's user cannot change it. */
const SCRIPT = `set -eu
umask 022
mkdir -p -- "$1"
exec tar -x -o -f - -C "$1"
`;

/** @throws {BottleError} `boot-failed` */
export async function sendProgram(
  machine: Machine,
  { host, guest }: NonNullable<MachineSpec['program']>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let stderr = '';
  const result = await machine.exec(['sh', '-c', SCRIPT, 'program', guest], {
    user: 'root',
    cwd: '/',
    stdin: writeTar(entriesBelow(host)),
    onStdout: () => {},
    onStderr: (chunk) => {
      stderr = (stderr + Buffer.from(chunk).toString()).slice(-4096);
    },
    timeoutMs: TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  signal?.throwIfAborted();
  if (result.exitCode === 0 && !result.timedOut) return;
  const said = result.timedOut ? 'it took too long' : printableEnd(stderr) || 'it said nothing';
  throw new BottleError({
    outcome: 'boot-failed',
    what: `The agent's program could not be copied into the guest: ${said}`,
    where: `${guest} in machine ${machine.name}, exit code ${result.exitCode} of tar`,
    fix: 'Give the machine more storage (machine.storage_gib); the image needs sh, mkdir and tar.',
  });
}

function* entriesBelow(root: HostPath, path = ''): Generator<TarEntry> {
  for (const name of readdirSync(join(root, path)).sort()) {
    const [inner, from] = [join(path, name), join(root, path, name)];
    const found = lstatSync(from);
    const entry = { path: inner, mode: found.mode & 0o755 };
    if (found.isDirectory()) {
      yield { ...entry, kind: 'directory' };
      yield* entriesBelow(root, inner);
    } else if (found.isSymbolicLink()) {
      yield { ...entry, kind: 'symlink', target: readlinkSync(from) };
    } else if (found.isFile()) {
      yield { ...entry, kind: 'file', from, size: found.size };
    }
  }
}
