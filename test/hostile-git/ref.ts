/** Refs whose names are paths, options, revisions or each other. */
import { each, type HostileCase } from './case.ts';

const NAMES = [
  ...['HEAD', 'refs/heads/HEAD', 'refs/heads/FETCH_HEAD', 'FETCH_HEAD', 'config', 'work'],
  ...['refs/heads/../../config', 'refs/heads/../../hooks/pre-receive', 'refs/../x', '../../x'],
  ...['/etc/passwd', 'refs/heads//x', 'refs/heads/x/', 'refs/heads/', 'refs/heads/.x'],
  ...['refs/heads/x.lock', 'refs/heads/x.lock/y', 'refs/heads/x.', 'refs/heads/x..y'],
  ...['-option', '--upload-pack=evil', 'refs/heads/-option', 'refs/heads/--exec=evil'],
  ...['refs/heads/@', 'refs/heads/x@{1}', 'refs/heads/x^', 'refs/heads/x~1', 'refs/heads/x:y'],
  ...['refs/heads/x?', 'refs/heads/x*', 'refs/heads/x[', 'refs/heads/x\\y', 'refs/heads/x y'],
  ...['refs/heads/x\ty', 'refs/heads/x\u001b[31m', 'refs/heads/x\u202ey', 'refs/heads/x\u200dy'],
  ...['refs/heads/.git', 'refs/heads/git~1', `refs/heads/${'a'.repeat(40)}`],
  ...[`refs/heads/${'long/'.repeat(1000)}x`, `refs/heads/${'x'.repeat(300)}`, 'refs/heads/x\ufffd'],
  ...['refs/stash', 'refs/remotes/origin/main', 'refs/bisect/bad', 'refs/worktree/x'],
  ...['refs/pull/1/head', 'refs/changes/01/1/1', 'main-worktree/HEAD', 'worktrees/x/HEAD'],
];

const pair = (name: string, one: string, two: string): HostileCase => ({
  name,
  rules: ['ref-name'],
  deliver: ({ save, bundle }) => {
    const tip = save({ 'new.txt': 'new\n' });
    return bundle({ [one]: tip, [two]: tip });
  },
});

export const REFS: readonly HostileCase[] = [
  ...each(NAMES, (ref) => ({
    name: `the ref ${JSON.stringify(ref.slice(0, 60))}`,
    rules: ['ref-name', 'fsck'],
    deliver: ({ save, bundle }) => bundle({ [ref]: save({ 'new.txt': 'new\n' }) }),
  })),
  pair('refs that differ in case', 'refs/heads/Work', 'refs/heads/work'),
  pair('refs that differ in their form of Unicode', 'refs/heads/\u00e9', 'refs/heads/e\u0301'),
  pair('a ref that is also a directory', 'refs/heads/work', 'refs/heads/work/more'),
  pair('a ref that is also a directory in another case', 'refs/heads/Work', 'refs/heads/work/more'),
  {
    name: 'a ref without a name',
    rules: ['ref-name'],
    deliver: ({ save, bundle }) => bundle({ '': save({ 'new.txt': 'new\n' }) }),
  },
  {
    name: 'ten thousand refs',
    rules: ['fsck', 'ref-name'],
    deliver: ({ save, bundle }) => {
      const tip = save({ 'new.txt': 'new\n' });
      const names = Array.from({ length: 10_000 }, (_, index) => [`refs/heads/r${index}`, tip]);
      return bundle(Object.fromEntries(names));
    },
  },
];
