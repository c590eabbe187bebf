/** Brings the files of the proposal into a directory of ours, out of an artifact that is not believed. */
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Host, HostPath, Services } from '../host/host.ts';
import { printable } from '../printable.ts';
import { takeFromZip, type Wanted } from '../zip.ts';
import type { ApplyInputs } from './inputs.ts';
import { notApplied } from './refusal.ts';

const MIB = 1 << 20;
/** What a run writes is smaller: a change over 50 MiB is blocked unless the manifest allows more. */
const MOST: Wanted = {
  'run.json': 32 * MIB,
  'proposal.bundle': 512 * MIB,
  'changes.patch': 512 * MIB,
};
const MAX_ARCHIVE = 1024 * MIB;
const CHUNK = 1 << 20;

/** `bundle` and `patch` are empty where there are none. */
export type ProposalFiles = {
  readonly record: HostPath;
  readonly bundle: HostPath;
  readonly patch: HostPath;
};

/** @throws {BottleError} `push-failed`: it is not there, or is not what such an artifact is */
export async function fetchProposal(
  host: Host,
  services: Services,
  inputs: ApplyInputs,
  own: HostPath,
): Promise<ProposalFiles> {
  const directory = join(own, 'proposal');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { path, artifact } = inputs;
  const where = path === '' ? `artifact ${artifact}` : path;
  const taken = await take().catch((error) => {
    throw notApplied('The proposal could not be read', `${where}: ${printable(messageOf(error))}`);
  });
  const fileOf = (name: string) => (taken.has(name) ? join(directory, name) : '');
  if (!taken.has('run.json')) throw notApplied('The proposal has no run.json', where);
  return {
    record: fileOf('run.json'),
    bundle: fileOf('proposal.bundle'),
    patch: fileOf('changes.patch'),
  };

  async function take(): Promise<ReadonlySet<string>> {
    if (path !== '') return await copyFrom(path, directory);
    const [found] = await services.listArtifacts(artifact);
    if (found === undefined) throw new Error('there is no such artifact in this workflow run');
    const zip = await services.downloadArtifact(found, join(own, 'download'), MAX_ARCHIVE);
    host.log.info(`Downloaded ${artifact}: ${found.size} bytes.`);
    return await takeFromZip(zip, MOST, directory);
  }
}

/** As plain files: a link among them would lead to the runner's own. */
async function copyFrom(from: HostPath, to: HostPath): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  for (const [name, most] of Object.entries(MOST)) {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const source = await open(join(from, name), flags).catch((error) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (source === undefined) continue;
    const target = await open(join(to, name), 'wx', 0o600);
    try {
      if (!(await source.stat()).isFile()) throw new Error(`${name} is no file`);
      let bytes = 0;
      for (;;) {
        const { buffer, bytesRead } = await source.read(Buffer.alloc(CHUNK), 0, CHUNK);
        if (bytesRead === 0) break;
        bytes += bytesRead;
        if (bytes > most) throw new Error(`${name} has more than ${most} bytes`);
        await target.writeFile(buffer.subarray(0, bytesRead));
      }
    } finally {
      await source.close();
      await target.close();
    }
    taken.add(name);
  }
  return taken;
}
