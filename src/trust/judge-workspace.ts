/** Looks for another repository around the workspace: only the checkout's own head was judged. */
import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import type { Event } from './event.ts';
import { refused } from './refused.ts';
import { needsWriteAccess, type Trust } from './trust.ts';

type Judged = { readonly trust: Trust; readonly event: Event; readonly checkout: HostPath };

/**
 * What a run on `workspace`, a directory, may be trusted with. In a second checkout or a submodule
 * stands a commit that nobody has compared with what the event names.
 * @throws {BottleError} `untrusted` there, unless the event is a writer's own
 */
export function judgeWorkspace({ trust, event, checkout }: Judged, workspace: HostPath): Trust {
  const other = otherRepository(checkout, workspace);
  if (other === undefined) return trust;
  if (needsWriteAccess(event)) return { ...trust, cacheTrusted: false };
  throw refused({
    what: 'The workspace is in another git repository than the one whose head was judged',
    where: `event ${event.name}, workspace ${workspace}, repository ${other}`,
    fix: 'Check the head out at the top: actions/checkout without `path`, no submodule.',
  });
}

/** The way up is that of the real directories: a link may lead into a repository from beside it. */
function otherRepository(checkout: HostPath, workspace: HostPath): HostPath | undefined {
  const top = realpathSync(checkout);
  for (let at = realpathSync(workspace); at !== top && at !== dirname(at); at = dirname(at)) {
    // A file in a submodule and in a work tree of its own.
    if (lstatSync(join(at, '.git'), { throwIfNoEntry: false }) !== undefined) return at;
  }
  return undefined;
}
