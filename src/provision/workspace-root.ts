/** Makes sure that the workspace is a directory, and inside what the job may hand to the agent. */
import { realpathSync, statSync } from 'node:fs';
import { BottleError, messageOf } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { jobWorkspace, realInside } from './inside.ts';

/** The workspace without links. Throws `BottleError` (`config-invalid`). Also for before a boot. */
export function resolveWorkspace(host: Host, from: HostPath): HostPath {
  const root = jobWorkspace(host);
  let real: HostPath;
  try {
    real = realpathSync(from);
    if (!statSync(real).isDirectory()) throw new Error('it is not a directory');
  } catch (error) {
    throw invalid('cannot be used', from, messageOf(error));
  }
  if (root && !realInside(root, real)) {
    throw invalid(
      'is outside of the job’s own',
      from,
      `it is ${real}, and GITHUB_WORKSPACE ${root}`,
    );
  }
  return real;
}

function invalid(what: string, from: HostPath, why: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: `The workspace ${what}: ${why}`,
    where: from,
    fix: 'Let the workspace input or workspace.path name a directory of the checkout.',
  });
}
