/** The part of the guest's script that packs the agent's work: one commit, and those that it made. */

import { LFS_FILTER } from '../lfs-filter.ts';

/** What becomes of the work, in the scratch directory; each is there only where there is something. */
export const WORK = {
  /** One commit on the base: all files as they are, committed or not. */
  work: 'work.bundle',
  /** The commits from the base to HEAD, where there are any. */
  commits: 'commits.bundle',
  /** Empty, and sent in their place: the agent changed nothing. */
  unchanged: 'unchanged',
} as const;

/**
 * Defines `make_bundles`; takes `workspace`, `scratch`, and `base` and `base_tree`, where the agent
 * began. No setting, hook or filter of the agent's has a say, because the repository is our own; it
 * borrows objects, and takes the index, which says what is tracked and what provisioning withheld.
 * Each attempt expects less of the agent's repository than the one before: what is in the workspace
 * comes back where all of `.git` is lost.
 */
export const WORK_SCRIPT = `
quiet_git() {
  git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.splitIndex=false \\
    -c core.untrackedCache=false -c core.safecrlf=false -c advice.addEmbeddedRepo=false "$@"
}
theirs() {
  GIT_DIR=$workspace/.git quiet_git "$@"
}
their_path() {
  theirs rev-parse --git-path "$1"
}
open_repository() {
  mkdir -p "$GIT_DIR/objects/info" "$GIT_DIR/refs/heads" "$GIT_DIR/info" || exit
  echo 'ref: refs/heads/none' >"$GIT_DIR/HEAD"
  if [ \${#base} = 64 ]; then
    printf '[core]\\nrepositoryFormatVersion = 1\\n[extensions]\\nobjectFormat = sha256\\n'
  fi >"$GIT_DIR/config"
  cat >>"$GIT_DIR/config" <<'END'
${LFS_FILTER}END
  if objects=$(their_path objects); then
    (cd "$objects" && pwd) >"$GIT_DIR/objects/info/alternates"
    head=$(theirs rev-parse -q --verify 'HEAD^{commit}') || echo 'HEAD is no commit' >&2
    for name in shallow info/exclude; do
      ! [ -f "$(their_path $name)" ] || cp "$(their_path $name)" "$GIT_DIR/$name"
    done
  fi
}
take_tree() {
  for start in index "$head" "$base" nothing; do
    rm -f "$GIT_DIR/index"
    case $start in
    index) cp -p "$(their_path index)" "$GIT_DIR/index" ;;
    nothing) ;;
    *) quiet_git read-tree "$start" ;;
    esac 2>/dev/null || continue
    quiet_git add -A --ignore-errors . || echo 'some files of the workspace may be missing' >&2
    tree=$(quiet_git write-tree) && return
  done
  return 1
}
make_bundle() {
  echo "$2" >"$GIT_DIR/refs/heads/$1"
  quiet_git bundle create "$scratch/part" "refs/heads/$1" $3 && mv "$scratch/part" "$scratch/$1.bundle"
}
has_base() {
  quiet_git cat-file -e "$base^{tree}" 2>/dev/null
}
bundle_work() {
  has_base || return
  commit=$(quiet_git commit-tree -p "$base" -m work "$tree") || return
  make_bundle work "$commit" "^$base ^$base_tree" || make_bundle work "$commit" "^$base"
}
bundle_all() {
  echo 'the repository has lost what it began with, so the whole workspace is sent' >&2
  commit=$(quiet_git commit-tree -m work "$tree") && make_bundle work "$commit"
}
make_bundles() (
  command -v git >/dev/null || { echo 'there is no git' >&2; exit 1; }
  cd "$workspace" || exit
  unset $(git rev-parse --local-env-vars)
  unset GIT_EXTERNAL_DIFF GIT_DIFF_OPTS
  GIT_DIR=$scratch/git GIT_WORK_TREE=$workspace GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0
  GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1
  GIT_NO_REPLACE_OBJECTS=1 GIT_NO_LAZY_FETCH=1
  GIT_AUTHOR_NAME=agent GIT_AUTHOR_EMAIL=agent@bottle
  GIT_COMMITTER_NAME=agent GIT_COMMITTER_EMAIL=agent@bottle
  export GIT_DIR GIT_WORK_TREE GIT_OPTIONAL_LOCKS GIT_TERMINAL_PROMPT GIT_CONFIG_NOSYSTEM
  export GIT_CONFIG_GLOBAL GIT_ATTR_NOSYSTEM GIT_NO_REPLACE_OBJECTS GIT_NO_LAZY_FETCH
  export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
  head=
  open_repository
  take_tree || exit
  if [ "$head $tree" = "$base $base_tree" ]; then
    : >"$scratch/${WORK.unchanged}"
    exit
  fi
  bundle_work || bundle_all || exit
  case $head in
  '' | "$base") ;;
  *) ! has_base || make_bundle commits "$head" "^$base" || echo 'its commits cannot be read' >&2 ;;
  esac
  [ -z "$head" ] || theirs for-each-ref --no-merged="$head" refs/heads \\
    --format='the commits of the branch %(refname:short) are not in HEAD, and stay behind' >&2
)
`;
