/** Lists what each commit does to which path; of a merge, what none of its parents has. */
import { CheckStop } from './finding.ts';
import { askGit, linesOf, splitRecords } from './git-output.ts';
import type { GitRunner } from './git-runner.ts';

/** One side of a change. `mode` is octal digits, as git writes them. */
export type Version = { readonly mode: string; readonly id: string };

export type Change = {
  readonly commit: string;
  /** Bytes that are no UTF-8 are U+FFFD. */
  readonly path: string;
  /** Undefined: it is deleted. */
  readonly now: Version | undefined;
  /** What the parents have there, if anything. */
  readonly before: readonly Version[];
};

export const SYMLINK = '120000';
export const SUBMODULE = '160000';

const ABSENT = '000000';
const MAX_CHANGES = 300_000;

export type ChangeRequest = {
  /** In the order in which the changes are wanted. */
  readonly commits: readonly string[];
  readonly tips: readonly string[];
  readonly base: string;
  readonly maxFiles: number;
};

/**
 * What each commit does, and what all of them do to the base as a whole: a merge with an old commit
 * can bring back what was long gone, and is then no different from one of its parents.
 */
export async function listChanges(git: GitRunner, request: ChangeRequest): Promise<Change[]> {
  const { commits, tips, base, maxFiles } = request;
  const whole = base === '' ? [] : tips.map((tip) => `${tip} ${base}`);
  const [single, all] = await Promise.all([
    readChanges(git, commits, maxFiles),
    readChanges(git, whole, maxFiles),
  ]);
  const keyOf = ({ path, now }: Change) => `${now?.mode} ${now?.id} ${path}`;
  const known = new Set(single.map(keyOf));
  return [...single, ...all.filter((change) => !known.has(keyOf(change)))];
}

async function readChanges(
  git: GitRunner,
  lines: readonly string[],
  maxFiles: number,
): Promise<Change[]> {
  const changes: Change[] = [];
  const paths = new Set<string>();
  const onStdout = parseChanges((change) => {
    changes.push(change);
    paths.add(change.path);
    if (paths.size > maxFiles) throw tooMany(`More than ${maxFiles} files are touched`);
    if (changes.length > MAX_CHANGES) throw tooMany(`There are more than ${MAX_CHANGES} changes`);
  });
  const args = ['diff-tree', '--stdin', '-r', '-c', '-z', '--root', '--raw', '--no-renames'];
  if (lines.length > 0)
    await askGit(git, [...args, '--no-abbrev'], { input: linesOf(lines), onStdout });
  return changes;
}

/** `<commit>\0`, then `:<modes> <ids> <letters>\0<path>\0` for each change. */
function parseChanges(add: (change: Change) => void): (chunk: Uint8Array) => void {
  let commit = '';
  let versions: Omit<Change, 'path' | 'commit'> | undefined;
  return splitRecords(0, (record) => {
    if (versions !== undefined) {
      add({ commit, path: record.toString(), ...versions });
      versions = undefined;
    } else if (record[0] === 0x3a) versions = readVersions(record.toString('latin1'));
    else commit = record.toString('latin1');
  });
}

/** One colon for each parent; the last mode and id are those of the commit itself. */
function readVersions(header: string): Omit<Change, 'path' | 'commit'> {
  const parents = header.lastIndexOf(':') + 1;
  const fields = header.slice(parents).split(' ');
  const versions = fields.slice(0, parents + 1).map((mode, index) => ({
    mode,
    id: fields[parents + 1 + index] ?? '',
  }));
  const now = versions.at(-1);
  const exists = ({ mode }: Version) => mode !== ABSENT;
  return {
    now: now && exists(now) ? now : undefined,
    before: versions.slice(0, -1).filter(exists),
  };
}

function tooMany(detail: string): CheckStop {
  return new CheckStop({ rule: 'file-count', detail });
}
