/** The read-only part of a bottle's file system as bwrap options: the runner's or an image's. */
import {
  type Dirent,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../../host/host.ts';
import type { GuestPath } from '../machine.ts';

/** Top-level names that are links into `/usr` on a merged system and directories on others. */
const SYSTEM_DIRECTORIES = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** What programs need of the runner's `/etc`; nothing else of it goes in. */
const ETC =
  /^(ld\.so\.(cache|conf|conf\.d)|alternatives|ca-certificates(\.conf)?|java.*|perl|python3.*)$/;
const ETC_SSL = ['ssl/certs', 'ssl/openssl.cnf'];

/** The runner's own `/usr`, and those parts of its `/etc` without which programs do not run. */
export function hostRootfs(): string[] {
  const etc = [...readdirSync('/etc').filter((name) => ETC.test(name)), ...ETC_SSL];
  return [
    ...['--ro-bind', '/usr', '/usr'],
    ...SYSTEM_DIRECTORIES.flatMap((name) => mirror(`/${name}`)),
    ...etc.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ...['--symlink', '../usr/lib/os-release', '/etc/os-release'],
  ];
}

function mirror(path: HostPath): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  return found.isSymbolicLink()
    ? ['--symlink', readlinkSync(path), path]
    : ['--ro-bind', path, path];
}

/**
 * An unpacked image. bwrap cannot make a mount point inside a read-only directory, so each
 * directory on the way to one is built anew and its entries are bound one by one. A link on the way
 * is left out: it would lead the mount elsewhere.
 *
 * @param seen where bwrap finds `rootfs`
 * @param mountPoints what is mounted later; the image's own entries there are left out
 */
export function imageRootfs(
  rootfs: HostPath,
  seen: HostPath,
  mountPoints: readonly GuestPath[],
  directory: GuestPath = '/',
): string[] {
  return readdirSync(join(rootfs, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (mountPoints.includes(path)) return [];
    if (!mountPoints.some((point) => point.startsWith(`${path}/`))) {
      return bindEntry(entry, rootfs, seen, path);
    }
    if (!entry.isDirectory()) return [];
    return ['--dir', path, ...imageRootfs(rootfs, seen, mountPoints, path)];
  });
}

function bindEntry(entry: Dirent, rootfs: HostPath, seen: HostPath, path: GuestPath): string[] {
  if (entry.isSymbolicLink()) return ['--symlink', readlinkSync(join(rootfs, path)), path];
  // Devices, sockets and pipes mean nothing here. A name that is not UTF-8 is not found.
  if (!entry.isDirectory() && !entry.isFile()) return [];
  return ['--ro-bind-try', join(seen, path), path];
}

const MAX_FILE_BYTES = 1024 * 1024;

/** The text of a small file of an image; empty when it is no plain file, or reached by a link. */
export function imageText(rootfs: HostPath, path: GuestPath): string {
  const file = imagePath(rootfs, path);
  if (file === undefined) return '';
  const found = lstatSync(file);
  return found.isFile() && found.size <= MAX_FILE_BYTES ? readFileSync(file, 'utf8') : '';
}

/** Where a path of an image is on the runner; undefined if missing, or with a link on the way. */
export function imagePath(rootfs: HostPath, path: GuestPath): HostPath | undefined {
  let at = rootfs;
  for (const name of path.split('/').filter(Boolean)) {
    at = join(at, name);
    if (!existsSync(at) || lstatSync(at).isSymbolicLink()) return undefined;
  }
  return at;
}
