/** What runs in the guest to send its outputs: one shell script for dash, bash and busybox. */
import type { GuestPath } from '../machine/machine.ts';
import type { Search } from './glob.ts';

export type CollectRequest = {
  /** Name of the directory that the script works in; random, so that it is not there yet. */
  readonly scratch: string;
  /** The tree that the patch starts from; empty: no patch. */
  readonly baseTree: string;
  readonly workspace: GuestPath;
  /** Sent when there is room for nothing else. */
  readonly outputDirectory: GuestPath;
  readonly resultFile: GuestPath;
  readonly resultBytes: number;
  readonly searches: readonly Search[];
};

/** The script's own files, in the scratch directory: first in the archive; the result always. */
export const SENT = { patch: 'changes.patch', changed: 'changed', result: 'result' } as const;

/** All values are arguments, none is part of the script. */
export function collectArgv(request: CollectRequest): string[] {
  return [
    'sh',
    '-c',
    SCRIPT,
    'collect',
    request.scratch,
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
name=$1 base=$2 workspace=$3 outputs=$4 result=$5 result_bytes=$6
shift 6
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

// Nothing of the repository's or the user's settings has a say, and nothing in it is written to:
// index and new objects are scratch. Files that provisioning withheld are marked in the guest's
// index, and must not be taken for deleted.
const PATCH = `
quiet_git() {
  git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.splitIndex=false \\
    -c core.untrackedCache=false -c core.safecrlf=false -c advice.addEmbeddedRepo=false "$@"
}
diff_trees() {
  quiet_git diff-tree -r --no-ext-diff --no-textconv --no-color --ignore-submodules=all "$@"
}
make_patch() (
  command -v git >/dev/null || { echo 'there is no git' >&2; exit 1; }
  cd "$workspace" || exit
  unset GIT_EXTERNAL_DIFF GIT_DIFF_OPTS GIT_INDEX_FILE GIT_OBJECT_DIRECTORY
  GIT_DIR=$workspace/.git GIT_WORK_TREE=$workspace GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0
  GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1
  GIT_NO_REPLACE_OBJECTS=1 GIT_NO_LAZY_FETCH=1
  export GIT_DIR GIT_WORK_TREE GIT_OPTIONAL_LOCKS GIT_TERMINAL_PROMPT GIT_CONFIG_NOSYSTEM
  export GIT_CONFIG_GLOBAL GIT_ATTR_NOSYSTEM GIT_NO_REPLACE_OBJECTS GIT_NO_LAZY_FETCH
  GIT_ALTERNATE_OBJECT_DIRECTORIES=$(quiet_git rev-parse --git-path objects) || exit
  quiet_git ls-files -z -t | tr '\\n\\000' '\\001\\n' | sed -n 's/^S //p' |
    tr '\\n\\001' '\\000\\n' >"$scratch/withheld"
  GIT_INDEX_FILE=$scratch/index GIT_OBJECT_DIRECTORY=$scratch/objects
  export GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_INDEX_FILE GIT_OBJECT_DIRECTORY
  mkdir "$scratch/objects" && quiet_git read-tree "$base" || exit
  quiet_git update-index -z --skip-worktree --stdin <"$scratch/withheld" || exit
  quiet_git add -A --ignore-errors . || echo 'the patch may lack some files' >&2
  tree=$(quiet_git write-tree) || exit
  diff_trees -p --binary "$base" "$tree" >"$scratch/patch" &&
    diff_trees -z --name-only "$base" "$tree" >"$scratch/names" || exit
  mv "$scratch/patch" "$scratch/${SENT.patch}" && mv "$scratch/names" "$scratch/${SENT.changed}"
)
[ -z "$base" ] || make_patch || echo 'so there is no patch of the workspace' >&2
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

const SCRIPT = [PREPARE, PATCH, LIST, SEND].join('');
