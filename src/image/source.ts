/** Where an image comes from, and how its bytes get into a file. */
import { createHash } from 'node:crypto';
import { constants, copyFile, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError, messageOf } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { type Digests, digestFile, startDigests } from './digest.ts';
import { downloadImage } from './download.ts';
import { packError } from './pack-fault.ts';
import { isRegistryReference, parseSmolfile } from './smolfile.ts';
import { buildPack, pullPack, type SmolvmCommand } from './smolvm-pack.ts';

export type ImageSource =
  /**
   * A `.smolmachine` on the runner; `name` as it was written, which is the same on each runner.
   * `proposed`: it lies in a checkout whose head is not trusted.
   */
  | {
      readonly kind: 'path';
      readonly path: HostPath;
      readonly name?: string;
      readonly proposed?: boolean;
    }
  /** A `.smolmachine` behind an https URL. */
  | { readonly kind: 'url'; readonly url: string }
  /** A `.smolmachine` in an OCI registry, by tag or digest. */
  | { readonly kind: 'oci'; readonly reference: string }
  /** A container image, which is packed here. */
  | { readonly kind: 'from'; readonly reference: string }
  /** A Smolfile's text as it stood in `file` at the trusted ref, which is packed here. */
  | { readonly kind: 'smolfile'; readonly file: string; readonly text: string };

export type SourceContext = {
  readonly host: Pick<Host, 'spawn' | 'facts' | 'log' | 'cancelled'>;
  /** Absent where the engine is another; then `oci`, `from` and `smolfile` cannot be had. */
  readonly smolvm: SmolvmCommand | undefined;
  readonly maxBytes: number;
};

export type Fetched = { readonly path: HostPath; readonly digests: Digests };

/**
 * The source in one line, without what may be secret: for the log, the record and the lock file.
 */
export function sourceName(source: ImageSource): string {
  switch (source.kind) {
    case 'path':
      return `path ${source.name ?? source.path}`;
    case 'url':
      return `url ${source.url.replace(/[?#].*$/s, '').replace(/\/\/[^/]*@/, '//')}`;
    case 'oci':
    case 'from':
      return `${source.kind} ${source.reference}`;
    case 'smolfile': {
      const hash = createHash('sha256').update(source.text).digest('hex');
      return `smolfile ${source.file} sha256:${hash}`;
    }
  }
}

/** Is the pack made here, so that making it again gives other bytes? */
export function isBuilt(source: ImageSource): boolean {
  return source.kind === 'from' || source.kind === 'smolfile';
}

/** A clone where the file system can share blocks, else a copy that is hashed on the way. */
async function copyIn(from: HostPath, to: HostPath): Promise<Digests> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
    return await digestFile(to);
  } catch {
    // No clones here, or across file systems.
  }
  const digests = startDigests();
  const source = await open(from, 'r');
  const target = await open(to, 'w', 0o600);
  try {
    for await (const chunk of source.createReadStream({ highWaterMark: 1 << 20 })) {
      digests.update(chunk);
      await target.write(chunk);
    }
  } finally {
    await source.close();
    await target.close();
  }
  return digests.end();
}

function checkReference(source: ImageSource, reference: string): void {
  if (isRegistryReference(reference)) return;
  throw new BottleError({
    outcome: 'config-invalid',
    what: 'The image is not named as a registry names it',
    where: `${source.kind}: ${JSON.stringify(reference)}`,
    fix: 'Write registry/name:tag, or better registry/name@sha256:…',
  });
}

function requireSmolvm(source: ImageSource, smolvm: SmolvmCommand | undefined): SmolvmCommand {
  if (smolvm) return smolvm;
  throw new BottleError({
    outcome: 'image-failed',
    what: 'The image can only be had with smolvm, and there is none',
    where: sourceName(source),
    fix: 'Use engine smolvm, or give a .smolmachine by path or by URL and sha256.',
  });
}

async function withSmolvm(
  { host, smolvm }: SourceContext,
  source: Exclude<ImageSource, { kind: 'path' | 'url' }>,
  folder: HostPath,
): Promise<HostPath> {
  if (source.kind !== 'smolfile') checkReference(source, source.reference);
  else parseSmolfile(source.file, source.text);
  const command = requireSmolvm(source, smolvm);
  if (source.kind === 'oci') return await pullPack(host, command, source.reference, folder);
  if (source.kind === 'from') {
    const input = { kind: 'image', reference: source.reference } as const;
    return await buildPack(host, command, input, folder);
  }
  const path = join(folder, 'Smolfile');
  await writeFile(path, source.text);
  return await buildPack(host, command, { kind: 'smolfile', path }, folder);
}

/** Brings the image into a file in the empty directory `folder`; the caller checks its digests. */
export async function fetchSource(
  context: SourceContext,
  source: ImageSource,
  folder: HostPath,
): Promise<Fetched> {
  const path = join(folder, 'fetched.smolmachine');
  if (source.kind === 'path') {
    try {
      return { path, digests: await copyIn(source.path, path) };
    } catch (error) {
      throw packError(sourceName(source), 'unreadable', messageOf(error), error);
    }
  }
  if (source.kind === 'url') {
    const { host, maxBytes } = context;
    return { path, digests: await downloadImage(host, source.url, path, maxBytes) };
  }
  const made = await withSmolvm(context, source, folder);
  try {
    return { path: made, digests: await digestFile(made, context.host.cancelled) };
  } catch (error) {
    context.host.cancelled.throwIfAborted();
    throw packError(sourceName(source), 'unreadable', messageOf(error), error);
  }
}
