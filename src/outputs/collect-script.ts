/** What runs in the guest to send its outputs: one shell script for dash, bash and busybox. */
import type { GuestPath } from '../machine/machine.ts';
import type { Search } from './glob.ts';
import { WORK, WORK_SCRIPT } from './work-script.ts';

export type CollectRequest = {
  /** Name of the directory that the script works in; random, so that it is not there yet. */
  readonly scratch: string;
  /** The commit and the tree that the agent started from; empty: no work is looked for. */
  readonly baseCommit: string;
  readonly baseTree: string;
  readonly workspace: GuestPath;
  /** Sent when there is room for nothing else. */
  readonly outputDirectory: GuestPath;
  readonly resultFile: GuestPath;
  readonly resultBytes: number;
  readonly searches: readonly Search[];
};

/** The script's own files, in the scratch directory: first in the archive; the result always. */
export const SENT = { ...WORK, result: 'result' } as const;

/** All values are arguments, none is part of the script. */
export function collectArgv(request: CollectRequest): string[] {
  return [
    'sh',
    '-c',
    SCRIPT,
    'collect',
    request.scratch,
    request.baseCommit,
    request.baseTree,
    request.workspace,
    request.outputDirectory,
    request.resultFile,
    String(request.resultBytes),
    ...request.searches.flatMap(({ directory, depth, name, skipped }) => [
      directory,
      String(depth),
      name,
      skipped,
    ]),
  ];
}

// Paths begin with `./` and are below `/`, so that no name is taken for an option and no tar
// changes them. The agent may have filled the disk: the first place with a MiB of room is taken.
const PREPARE = `
name=$1 base=$2 base_tree=$3 workspace=$4 outputs=$5 result=$6 result_bytes=$7
shift 7
LC_ALL=C
export LC_ALL
cd / || exit
scratch=
for parent in /tmp /var/tmp "\${HOME:-/tmp}" /dev/shm; do
  if mkdir "$parent/$name" && head -c 1048576 /dev/zero >"$parent/$name/room"; then
    scratch=$parent/$name
    rm "$scratch/room"
    break
  fi
  rm -rf "$parent/$name"
done 2>/dev/null
if [ -z "$scratch" ]; then
  echo 'no place for temporary files has room, so only the output directory is sent' >&2
  exec tar -cf - ".$outputs"
fi
trap 'rm -rf "$scratch"' EXIT
`;

const PACK = `
[ -z "$base" ] || make_bundles || echo 'so the work in the workspace stays behind' >&2
: >"$scratch/${SENT.result}"
if [ -f "$result" ] && ! [ -L "$result" ]; then
  head -c "$result_bytes" "$result" >"$scratch/${SENT.result}"
fi
`;

const LIST = `
search() {
  if [ -d "$1" ]; then
    find -H "$1" -xdev -mindepth 1 -maxdepth "$2" -name "$4" -prune -o ! -type d -name "$3" -print0
  elif [ -e "$1" ] || [ -L "$1" ]; then
    printf '%s\\000' "$1"
  fi
}
while [ $# -ge 4 ]; do
  search ".$1" "$2" "$3" "$4"
  shift 4
done >"$scratch/found"
sort -z -u -o "$scratch/found" "$scratch/found" 2>/dev/null
for file in ${Object.values(SENT).join(' ')}; do
  ! [ -f "$scratch/$file" ] || printf '%s\\000' ".$scratch/$file"
done >"$scratch/list"
cat "$scratch/found" >>"$scratch/list"
`;

// GNU tar would send the second name of a file as a hard link. Other tars may not read a list;
// where the names are too many for one command line, one archive follows the other.
const SEND = `
case $(tar --version 2>/dev/null) in
*'GNU tar'*) tar --null --no-recursion --hard-dereference -T "$scratch/list" -cf - ;;
*) xargs -0 tar -cf - <"$scratch/list" ;;
esac
`;

const SCRIPT = [PREPARE, WORK_SCRIPT, PACK, LIST, SEND].join('');
