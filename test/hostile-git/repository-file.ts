/** Files of a repository that lead git elsewhere, or make it see other history than there is. */
import { chmodSync, chownSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostileCase, World } from './case.ts';

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const inGit = (
  name: string,
  prepare: (git: string, world: World) => void,
  rest: Partial<HostileCase> = {},
): HostileCase => ({
  name,
  rules: [],
  prepare: (world) => prepare(join(world.checkout, '.git'), world),
  ...rest,
});

/** To a user that nobody is; where that may be done. */
function giveAway(path: string): void {
  if (process.getuid?.() === 0) chownSync(path, 54_321, 54_321);
}

const alone = ({ save }: World) => save({ x: 'x\n' }, { parents: [], message: 'Alone' });
const onBase = ({ save }: World) => save({ x: 'x\n' });

export const REPOSITORY_FILES: readonly HostileCase[] = [
  inGit('alternates that name themselves', (git) =>
    write(join(git, 'objects/info/alternates'), `${git}/objects\n`),
  ),
  inGit('alternates that name each other', (git) => {
    write(join(git, 'objects/info/alternates'), `${git}/other\n`);
    write(join(git, 'other/info/alternates'), `${git}/objects\n`);
  }),
  inGit('alternates that name a pipe, a device and nothing', (git) =>
    write(join(git, 'objects/info/alternates'), '/dev/zero\n/dev/stdin\n/nowhere\n"\\x\n'),
  ),
  inGit('alternates of http', (git, { trap }) =>
    write(join(git, 'objects/info/http-alternates'), `file://${trap}\nhttp://127.0.0.1:1/x\n`),
  ),
  inGit('CVE-2022-39253: links among the objects', (git) =>
    symlinkSync('/etc', join(git, 'objects/aa')),
  ),
  inGit('CVE-2024-32021: a link in place of a pack', (git) => {
    symlinkSync('/etc/passwd', join(git, `objects/pack/pack-${'a'.repeat(40)}.pack`));
    symlinkSync('/etc/passwd', join(git, `objects/pack/pack-${'a'.repeat(40)}.idx`));
  }),
  inGit('CVE-2024-32020: a pack that is empty', (git) =>
    write(join(git, `objects/pack/pack-${'b'.repeat(40)}.idx`), ''),
  ),
  inGit('grafts that cut the history', (git, { base }) =>
    write(join(git, 'info/grafts'), `${base}\n`),
  ),
  {
    name: 'grafts that give a commit of the guest the base for a parent',
    rules: ['ancestry'],
    spoil: (git, world) => write(join(git, 'info/grafts'), `${alone(world)} ${world.base}\n`),
    deliver: alone,
  },
  {
    name: 'a replaced object that gives a commit of the guest the base for a parent',
    // The second of its refs is one too many where a proposal is taken.
    rules: ['ancestry', 'ref-name'],
    spoil: (git, world) => write(join(git, `refs/replace/${alone(world)}`), `${onBase(world)}\n`),
    deliver: (world) => {
      const [tip, other] = [alone(world), onBase(world)];
      return world.bundle({ 'refs/heads/work': tip, 'refs/heads/other': other });
    },
  },
  inGit('a shallow file that cuts the history', (git, { base }) =>
    write(join(git, 'shallow'), `${base}\n`),
  ),
  inGit('replaced objects in the checkout', (git, { base }) =>
    write(join(git, `refs/replace/${base}`), `${base}\n`),
  ),
  {
    name: 'replaced objects in the bundle',
    rules: ['ref-name'],
    deliver: ({ save, bundle, base }) => {
      const tip = save({ x: 'x\n' });
      return bundle({ 'refs/heads/work': tip, [`refs/replace/${base}`]: tip });
    },
  },
  inGit('a commit-graph that is not one', (git) =>
    write(join(git, 'objects/info/commit-graph'), 'CGPH\x01\x01\x03\0garbage'),
  ),
  inGit('an index of several packs that is not one', (git) =>
    write(join(git, 'objects/pack/multi-pack-index'), 'MIDX\x01\x01\x03\0garbage'),
  ),
  inGit('packed refs that lead upwards', (git, { base }) =>
    write(join(git, 'packed-refs'), `${base} refs/heads/../../../x\n${base} refs/heads/-o\n`),
  ),
  inGit('a HEAD that is a link', (git) => {
    renameSync(join(git, 'HEAD'), join(git, 'HEAD.old'));
    symlinkSync('/etc/passwd', join(git, 'HEAD'));
  }),
  inGit('a common directory elsewhere', (git) => write(join(git, 'commondir'), '/tmp/nowhere\n')),
  inGit('work trees that point elsewhere', (git) => {
    write(join(git, 'worktrees/x/gitdir'), '/etc/passwd\n');
    write(join(git, 'worktrees/x/commondir'), '../../../../etc\n');
  }),
  {
    name: 'a file .git that points elsewhere',
    rules: ['fsck', 'path-alias'],
    deliver: ({ tree, blob, commit, base }) =>
      commit({ tree: tree([{ name: '.git', id: blob('gitdir: /tmp/evil\n') }]), parents: [base] }),
  },
  inGit('CVE-2022-29187: a repository of somebody else above the checkout', (git, { trap }) => {
    const above = join(git, '../../.git');
    write(join(above, 'HEAD'), 'ref: refs/heads/main\n');
    write(join(above, 'config'), `[core]\n\tfsmonitor = ${trap}\n\tpager = ${trap}\n`);
    for (const directory of ['objects', 'refs']) mkdirSync(join(above, directory));
    giveAway(above);
  }),
  inGit(
    'CVE-2024-32004, CVE-2024-32465: a checkout of somebody else, with a program for who clones it',
    (git, { trap }) => {
      write(join(git, 'hooks/post-checkout'), `#!/bin/sh\n${trap}\n`);
      chmodSync(join(git, 'hooks/post-checkout'), 0o755);
      giveAway(git);
    },
    { config: ({ trap }) => `[uploadpack]\n\tpackObjectsHook = ${trap}\n` },
  ),
  {
    name: 'CVE-2022-24765: a bare repository among the files, with its settings',
    rules: [],
    deliver: ({ save, trap, blob }) =>
      save({
        'x/HEAD': 'ref: refs/heads/main\n',
        'x/config': `[core]\n\tbare = true\n\tfsmonitor = ${trap}\n\thooksPath = hooks\n`,
        'x/hooks/post-checkout': { mode: '100755', id: blob(`#!/bin/sh\n${trap}\n`) },
        'x/objects/info/packs': '\n',
        'x/refs/heads/main': '\n',
      }),
  },
];
