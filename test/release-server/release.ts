/** A smolvm release as a loopback server offers it; the program in it is the test double. */
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { chooseRelease } from '../../src/machine/install/release.ts';
import { type Answer, type FileServer, serve } from '../image/file-server.ts';
import { type TarEntry, tarArchive } from '../pack/tar.ts';
import { DOUBLE } from '../smolvm-double/double.ts';

/** What the double says that it is. */
export const DOUBLE_VERSION = '1.9.2';

const HOST = { platform: process.platform, arch: process.arch, env: {} };
const RELEASE = chooseRelease(HOST, { smolvmVersion: DOUBLE_VERSION, smolvmSha256: '' });
export const TOP = RELEASE.top;
export const ARCHIVE = RELEASE.archive;
export const ARCHIVE_PATH = `/v${DOUBLE_VERSION}/${ARCHIVE}`;
export const CHECKSUMS_PATH = `/v${DOUBLE_VERSION}/checksums.sha256`;

/** 1 MiB of a disk: a hole, one block, a hole. */
export const TEMPLATE = Buffer.alloc(1 << 20);
TEMPLATE.fill('ext4', 600_000, 604_096);

/** Laid out like a release; `smolvm-bin` hands over to the double where it lies. */
export const ENTRIES: readonly TarEntry[] = [
  { name: `${TOP}/`, type: '5' },
  { name: `${TOP}/smolvm`, mode: 0o755, body: wrapper() },
  { name: `${TOP}/smolvm-bin`, mode: 0o755, body: `#!/bin/sh\nexec '${DOUBLE}' "$@"\n` },
  { name: `${TOP}/lib/`, type: '5' },
  { name: `${TOP}/lib/libkrun.so.1.2`, mode: 0o755, body: 'krun' },
  { name: `${TOP}/lib/libkrun.so`, type: '2', link: 'libkrun.so.1.2' },
  { name: `${TOP}/agent-rootfs/`, type: '5' },
  { name: `${TOP}/agent-rootfs/bin/busybox`, mode: 0o755, body: 'busybox' },
  { name: `${TOP}/agent-rootfs/bin/sh`, type: '2', link: '/bin/busybox' },
  { name: `${TOP}/agent-rootfs/bin/gone`, type: '2', link: '/no/such/program' },
  { name: `${TOP}/agent-rootfs/bin/ash`, type: '1', link: `${TOP}/agent-rootfs/bin/busybox` },
  { name: `${TOP}/storage-template.ext4.zst`, body: zstdCompressSync(TEMPLATE) },
  { name: `${TOP}/README.txt`, body: 'read me' },
];

function wrapper(): string {
  return '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/smolvm-bin" "$@"\n';
}

export type ReleaseFiles = { readonly bytes: Buffer; readonly sha256: string };

export function makeRelease(entries: readonly TarEntry[] = ENTRIES): ReleaseFiles {
  const bytes = gzipSync(tarArchive(entries), { level: 1 });
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export type ReleaseServer = FileServer & ReleaseFiles;

/** Serves the release, but for the paths in `answers`. */
export async function serveRelease(
  answers: Readonly<Record<string, Answer>> = {},
  release = makeRelease(),
): Promise<ReleaseServer> {
  const { bytes, sha256 } = release;
  const checksums = `${'0'.repeat(64)}  other.tar.gz\n${sha256}  ${ARCHIVE}\n`;
  const server = await serve({
    [ARCHIVE_PATH]: (response) => void response.end(bytes),
    [CHECKSUMS_PATH]: (response) => void response.end(checksums),
    ...answers,
  });
  return { ...server, bytes, sha256 };
}
