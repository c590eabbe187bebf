/** Uploads a run's artifacts side by side; one that fails costs itself alone. */
import { link, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactKind } from '../artifact-kind.ts';
import { messageOf } from '../errors.ts';
import type { Host, HostPath, Services, UploadedArtifact } from '../host/host.ts';
import type { PlannedArtifact } from '../plan/plan.ts';
import type { ArtifactSet } from './artifact-set.ts';
import { choosePacking } from './packing.ts';

export type Uploader = Pick<Services, 'uploadArtifact'>;

/** One that lies at the service now. */
export type KeptArtifact = UploadedArtifact & {
  readonly kind: ArtifactKind;
  readonly name: string;
};

export type Uploads = {
  readonly kept: readonly KeptArtifact[];
  /** One sentence for each that is not. */
  readonly failures: readonly string[];
};

export async function uploadSets(
  host: Host,
  services: Uploader,
  artifact: PlannedArtifact,
  directory: HostPath,
  sets: readonly ArtifactSet[],
): Promise<Uploads> {
  const ends = await Promise.allSettled(
    sets.map(async (set): Promise<KeptArtifact> => {
      const name = artifact.names[set.kind];
      const start = () =>
        upload(services, name, set, set.root ?? directory, artifact.retentionDays);
      return { kind: set.kind, name, ...(await uploadInTime(start, host.cancelled)) };
    }),
  );
  const kept = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  const failures = ends.flatMap((end, at) => {
    if (end.status === 'fulfilled') return [];
    const what = `The artifact ${artifact.names[sets[at]?.kind ?? 'result']} was not uploaded`;
    host.log.warning(
      `${what} (${messageOf(end.reason)}) · its files stay in ${directory} on the runner · ` +
        'Check the disk of the runner and the status of GitHub, then run it again.',
    );
    return [`${what}: its files stay in ${directory} on the runner`];
  });
  return { kept, failures };
}

async function upload(
  services: Uploader,
  name: string,
  { files }: ArtifactSet,
  directory: HostPath,
  retentionDays: number,
): Promise<UploadedArtifact> {
  const kept = retentionDays > 0 ? { retentionDays } : {};
  const packing = choosePacking(files);
  if (packing.kind === 'zip') {
    const options = { ...kept, compressionLevel: packing.level };
    return await services.uploadArtifact(name, files, directory, options);
  }
  // A raw file has the name of its artifact: the client has it so.
  const folder = join(directory, `.${name}`);
  const file = join(folder, name);
  await mkdir(folder);
  try {
    await link(packing.file, file);
    return await services.uploadArtifact(name, [file], folder, { ...kept, raw: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const LONGEST_MS = 10 * 60_000;
/** After a cancellation the runner leaves 7.5 s and then 2.5 s for all that is still to do. */
const LONGEST_AFTER_CANCEL_MS = 3_000;

/**
 * The client retries for longer than a cancelled run has. Throws what the service answered, or that
 * time is up; the client cannot be stopped and may still go on after that.
 */
async function uploadInTime(
  start: () => Promise<UploadedArtifact>,
  cancelled: AbortSignal,
): Promise<UploadedArtifact> {
  const late = Promise.withResolvers<never>();
  const expire = (limitMs: number) =>
    setTimeout(() => late.reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs);
  let timer = expire(cancelled.aborted ? LONGEST_AFTER_CANCEL_MS : LONGEST_MS);
  const hurry = () => {
    clearTimeout(timer);
    timer = expire(LONGEST_AFTER_CANCEL_MS);
  };
  cancelled.addEventListener('abort', hurry, { once: true });
  try {
    return await Promise.race([start(), late.promise]);
  } finally {
    clearTimeout(timer);
    cancelled.removeEventListener('abort', hurry);
  }
}
