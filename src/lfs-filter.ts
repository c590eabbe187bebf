/**
 * How git stores files of Git LFS where there is no LFS: the pointer to what the file holds, where
 * the repository has that pointer, or else the content. So a file that the runner fetched is
 * unchanged whoever reads it again, and one that the agent changed comes out whole: a pointer of
 * its own would point to nothing. Format: Git LFS's own `docs/spec.md`.
 */

/** What a pointer begins with. */
export const LFS_VERSION = 'version https://git-lfs.github.com/spec/v1\n';

const CLEAN = [
  't=$(mktemp) && cat >"$t" || exit',
  's=$(sha256sum <"$t" | cut -c1-64) n=$(wc -c <"$t")',
  `p() { printf '${LFS_VERSION.trimEnd()}\\noid sha256:%s\\nsize %d\\n' "$s" "$((n))"; }`,
  'if git cat-file -e "$(p | git hash-object --stdin)" 2>/dev/null; then p; else cat "$t"; fi',
  'r=$?; rm -f "$t"; exit $r',
].join('\n');

/** For the configuration of a repository in the guest. */
export const LFS_FILTER = `[filter "lfs"]\n\tclean = "${quoted(CLEAN)}"\n`;

function quoted(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n');
}
