/** Keeps what goes into the guest inside the job's workspace, whatever links a checkout holds. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Host, HostPath } from '../host/host.ts';
import { isInside } from '../inside.ts';

/**
 * The directory that the runner calls the workspace; undefined off GitHub. A checkout in it is
 * data that others wrote: a link in it must not lead the action to the rest of the runner.
 */
export function jobWorkspace(host: Host): HostPath | undefined {
  const directory = host.env.GITHUB_WORKSPACE;
  return directory ? resolve(directory) : undefined;
}

/** Where `path` really is; undefined when it does not exist or a link leads it out of `root`. */
export function realInside(root: HostPath, path: HostPath): HostPath | undefined {
  try {
    const real = realpathSync(path);
    return isInside(realpathSync(root), real) ? real : undefined;
  } catch {
    return undefined;
  }
}
