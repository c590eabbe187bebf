/** What the trusted ref says: manifest, lock file, skills and agent configuration, read from there. */
import { mkdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Host, HostPath } from './host/host.ts';
import type { Inputs } from './inputs.ts';
import { isInside } from './inside.ts';
import type { ManifestFiles } from './manifest/manifest.ts';
import { worktreeFiles } from './manifest/worktree.ts';
import { type Pinned, pinAgentConfig } from './trust/agent-config.ts';
import { makeGitHubApi } from './trust/api.ts';
import type { Event } from './trust/event.ts';
import { gitFiles } from './trust/git-files.ts';
import { judgeWorkspace } from './trust/judge-workspace.ts';
import { compareManifest } from './trust/manifest-difference.ts';
import { openRepository, type Repository } from './trust/repository.ts';
import { decideTrust, type Trust } from './trust/trust.ts';
import { trustedDirectory } from './trust/trusted-directory.ts';

export type Trusted = {
  readonly files: ManifestFiles;
  /** What a run on this directory may be trusted with. Throws `BottleError` `untrusted`. */
  judge(workspace: HostPath): Trust;
  /** Says what differs when the head has another manifest, which is ignored. */
  compareManifest(carrier: string): Promise<string | undefined>;
  /** A directory of the checkout as it is trusted, or the place where it would be. */
  directory(path: HostPath): Promise<HostPath>;
  /** Agent configuration about which the head does not decide. */
  pinned(): Promise<readonly Pinned[]>;
  close(): Promise<void>;
};

/**
 * `scratch`: a directory of the step, for what is copied out of git.
 * @throws {BottleError} `untrusted` when the event may not start a run
 */
export async function openTrusted(
  host: Host,
  inputs: Pick<
    Inputs,
    'checkout' | 'token' | 'manifestRef' | 'allowedActors' | 'allowUntrustedHead'
  >,
  event: Event,
  scratch: HostPath,
): Promise<Trusted> {
  const { checkout, token } = inputs;
  const repository = await openRepository(host, { checkout, token, scratch });
  try {
    const api = makeGitHubApi(host, token);
    const trust = await decideTrust({ event, inputs, repository, api });
    const source = {
      judge: (workspace: HostPath) => judgeWorkspace({ trust, event, checkout }, workspace),
      close: async () => repository?.close(),
    };
    if (repository === undefined || trust.ref.kind === 'worktree') {
      return { ...source, files: worktreeFiles(checkout), ...AS_CHECKED_OUT };
    }
    const { sha } = trust.ref;
    const files = gitFiles(repository, sha);
    const directory = directoryAt(repository, sha, scratch);
    if (trust.head === 'untrusted') {
      return { ...source, files, directory, ...besideHead(repository, sha, files) };
    }
    // Only on your own computer is what you have not committed meant to count.
    return {
      ...source,
      files,
      ...AS_CHECKED_OUT,
      ...(event.kind === 'local' ? {} : { directory }),
    };
  } catch (error) {
    await repository?.close();
    throw error;
  }
}

type Differing = Pick<Trusted, 'compareManifest' | 'directory' | 'pinned'>;

/** What is checked out is what is trusted. */
const AS_CHECKED_OUT: Differing = {
  compareManifest: async () => undefined,
  directory: async (path) => path,
  pinned: async () => [],
};

/** What is checked out is somebody's proposal; whatever rules the run comes from the commit `sha`. */
function besideHead(
  repository: Repository,
  sha: string,
  files: ManifestFiles,
): Omit<Differing, 'directory'> {
  const head = worktreeFiles(repository.checkout);
  return {
    compareManifest: (carrier) => compareManifest(files, head, carrier),
    pinned: async () => pinAgentConfig(repository, sha, await repository.listHead()),
  };
}

/** Copies out of the commit: an earlier step may have written over what is checked out. */
function directoryAt(
  repository: Repository,
  sha: string,
  scratch: HostPath,
): Differing['directory'] {
  return async (path) => {
    // The runner's own directories are the workflow's choice.
    if (!isInside(repository.checkout, path)) return path;
    const inside = relative(repository.checkout, path);
    // The plan and errors show this path.
    const copy = join(scratch, `commit-${sha}`, inside);
    mkdirSync(dirname(copy), { recursive: true });
    await trustedDirectory(repository, sha, inside, copy);
    return copy;
  };
}
