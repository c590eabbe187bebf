/** Checks where symbolic links lead: as they are written, and as the tree makes them lead. */
import { posix } from 'node:path';
import { SYMLINK } from './change.ts';
import { CheckStop } from './finding.ts';
import { askGit, linesOf } from './git-output.ts';
import type { Inspection } from './inspection.ts';
import { nameFault, pathFault } from './path-name.ts';

export const MAX_TARGET = 4096;

const MAX_LINKS = 200_000;
const MAX_ANSWER = 64 * 1024 * 1024;

/** Why the text of a link leads out of the tree or into `.git`; undefined: it does not by itself. */
export function targetFault(path: string, target: string): string | undefined {
  if (target === '' || target.includes('\0')) return 'has no target';
  if (/^(?:\/|[A-Za-z]:)|\\/.test(target)) return 'leads out of the tree';
  const names = target.split('/').filter((name) => !['', '.', '..'].includes(name));
  if (names.some((name) => nameFault(name) !== undefined))
    return 'leads to a name that is not allowed';
  const from = posix.join(posix.dirname(path), target);
  return from === '..' || from.startsWith('../') ? 'leads out of the tree' : undefined;
}

/**
 * `contents`: of links that are not too long, by their id. A link may lead out because of other
 * links, of this change or not, in its own commit or in a later one.
 */
export async function checkSymlinks(
  { git, changes, spans, findings, show }: Inspection,
  contents: ReadonlyMap<string, Buffer>,
): Promise<void> {
  const questions = new Map<string, { commit: string; path: string }>();
  const add = (commit: string, path: string, what: string) =>
    findings.add({ rule: 'symlink', commit, path: show(path), detail: `The link ${what}` });
  for (const { commit, path, now } of changes) {
    if (now?.mode !== SYMLINK) continue;
    const target = contents.get(now.id)?.toString();
    const fault = target === undefined ? 'has too long a target' : targetFault(path, target);
    if (fault !== undefined) add(commit, path, fault);
    else if (pathFault(path) === undefined)
      for (const at of [commit, ...spans.map(({ tip }) => tip)])
        questions.set(`${at}:${path}`, { commit: at, path });
    if (questions.size > MAX_LINKS) throw tooManyLinks();
  }
  if (questions.size === 0) return;
  const args = ['cat-file', '--batch-check', '--buffer', '--follow-symlinks'];
  const input = linesOf([...questions.keys()]);
  const answers = await askGit(git, args, { input, maxBytes: MAX_ANSWER });
  const asked = questions.values();
  for (const answer of readAnswers(answers)) {
    const { commit, path } = asked.next().value ?? { commit: '', path: '' };
    if (answer === 'symlink') add(commit, path, 'leads out of the tree through other links');
  }
}

/** The kind of each answer; some are followed by a line of so many bytes. */
function* readAnswers(bytes: Buffer): Generator<string> {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0x0a, at);
    const line = bytes.toString('latin1', at, end);
    const [, kind, size] = /^(symlink|dangling|loop|notdir) (\d+)$/.exec(line) ?? [];
    yield kind ?? 'object';
    at = end + 1 + (size === undefined ? 0 : Number(size) + 1);
  }
}

function tooManyLinks(): CheckStop {
  return new CheckStop({ rule: 'symlink', detail: `There are more than ${MAX_LINKS} links` });
}
