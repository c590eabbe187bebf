/** Whether one path lies in another, as they are written: no link is followed. */
import { relative } from 'node:path';
import type { HostPath } from './host/host.ts';

/** `path` is `root` or lies below it; both absolute. */
export function isInside(root: HostPath, path: HostPath): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith('../') && !way.startsWith('/');
}
