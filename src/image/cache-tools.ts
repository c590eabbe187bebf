/**
 * The `tar` that the cache client finds on its PATH, in place of the runner's: the archive of an
 * image is the image itself, byte for byte.
 *
 * The client runs `tar -P` over whatever the cache holds, so an entry that somebody else wrote
 * could put files anywhere; without `zstd` on the runner it compresses with gzip, 47 s a GiB; and
 * both ways the image would be written and read once more. Here nothing of an entry is parsed: it
 * lands in one file, which is hashed.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host, HostPath } from '../host/host.ts';

/** Text for a shell, as one word. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Writes the programs into the new directory `folder`. A save takes the bytes of `image`, a restore
 * moves what it got to `image`. Calls that are not the client's reach the runner's own tar.
 */
export async function writeCacheTools(
  host: Pick<Host, 'which'>,
  folder: HostPath,
  image: HostPath,
): Promise<void> {
  // The client calls `tar --posix -cf cache.tzst …` and `tar -xf <folder>/cache.tzst -P …`, or `-tf`
  // when debugging. Others may call tar while it works.
  const tar = `#!/bin/sh
case "$1 $2 $3" in
  '--posix -cf cache.tzst') exec ln -s ${quote(image)} "$3" ;;
  '-xf '*'/cache.tzst -P') exec mv "$2" ${quote(image)} ;;
  '-tf '*'/cache.tzst -P') exit 0 ;;
esac
exec ${quote(host.which('tar') ?? 'tar')} "$@"
`;
  // It asks for the version of zstd, and takes gzip where there is none. On macOS it prefers gtar.
  const zstd = '#!/bin/sh\necho "zstd v1.5.7"\n';
  await mkdir(folder);
  for (const [name, text] of Object.entries({ tar, gtar: tar, zstd })) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o755);
  }
}
