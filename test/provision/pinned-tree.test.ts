/** Pins hold whatever trees the head and the trusted commit have, and however they collide. */
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Pinned, pinAgentConfig } from '../../src/trust/agent-config.ts';
import { openRepository } from '../../src/trust/repository.ts';
import { type Guest, makeGuest } from '../outputs/guest-scene.ts';
import { ABSENT, changesOf, file, link, provisionPinned } from './pin.ts';
import { commitAll, startRepository } from './repository.ts';
import { treeOf } from './tree.ts';

type Content =
  | { readonly text: string; readonly mode: 0o644 | 0o755 }
  | { readonly target: string };
type Tree = ReadonlyMap<string, Content>;

const contentArbitrary: fc.Arbitrary<Content> = fc.oneof(
  fc.record({
    text: fc.constantFrom('', 'a\n', 'a\r\n'),
    mode: fc.constantFrom(0o644 as const, 0o755 as const),
  }),
  fc.record({ target: fc.constantFrom('nowhere', '../nowhere') }),
);

/** Few names, so that one tree has a file where the other has a link or a directory. */
const treeArbitrary: fc.Arbitrary<Tree> = fc
  .array(
    fc.tuple(
      fc.array(fc.constantFrom('a', 'b.md', '.claude', 'CLAUDE.md'), {
        minLength: 1,
        maxLength: 3,
      }),
      contentArbitrary,
    ),
    { maxLength: 10 },
  )
  .chain((entries) =>
    fc.option(fc.constantFrom('', '*.md text\n', '* -text\n'), { nil: undefined }).map((rules) => {
      const tree = new Map<string, Content>();
      for (const [names, content] of entries) {
        const path = names.join('/');
        const clashes = [...tree.keys()].some(
          (other) => `${other}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${other}/`),
        );
        if (!clashes) tree.set(path, content);
      }
      if (rules !== undefined) tree.set('.gitattributes', { text: rules, mode: 0o644 });
      return tree;
    }),
  );

function write(root: string, tree: Tree): void {
  for (const [path, content] of tree) {
    const place = join(root, path);
    mkdirSync(dirname(place), { recursive: true });
    if ('target' in content) symlinkSync(content.target, place);
    else writeFileSync(place, content.text, { mode: content.mode });
  }
}

function describeContent(content: Content): string {
  if ('target' in content) return `link to ${content.target}`;
  return `file ${content.mode.toString(8)} ${Buffer.from(content.text).toString('base64')}`;
}

/** Every other path of the base, and of the head that the base lacks. */
function pinsOf(head: Tree, base: Tree): Pinned[] {
  const paths = [...new Set([...base.keys(), ...head.keys()])].sort();
  return paths
    .filter((path, index) => index % 2 === 0 || path === '.gitattributes')
    .map((path) => {
      const content = base.get(path);
      const guest = !content
        ? ABSENT
        : 'target' in content
          ? link(content.target)
          : file(content.text, content.mode);
      const headAs = `.bottle-head/${path.replaceAll('/', '.head/')}.head`;
      return { path, guest, ...(head.has(path) ? { headAs } : {}) };
    });
}

function expectPinned(guest: Guest, pins: readonly Pinned[], head: Tree, base: Tree): void {
  const copied = treeOf(guest.guestWorkspace);
  const placed = pins.filter((pin) => pin.guest.kind !== 'absent').map(({ path }) => path);
  for (const { path, guest: wanted, headAs } of pins) {
    const [inBase, inHead] = [base.get(path), head.get(path)];
    if (wanted.kind !== 'absent' && inBase) expect(copied[path]).toBe(describeContent(inBase));
    else expect(copied[path] ?? 'directory').toContain('directory');
    if (!headAs || !inHead) continue;
    const bytes = 'target' in inHead ? inHead.target : inHead.text;
    expect(copied[headAs]).toBe(describeContent({ text: bytes, mode: 0o644 }));
  }
  const pinned = new Set(pins.map(({ path }) => path));
  for (const [path, content] of head) {
    const inTheWay = placed.some((at) => at.startsWith(`${path}/`) || path.startsWith(`${at}/`));
    if (pinned.has(path)) continue;
    if (inTheWay) expect(copied[path] ?? 'directory').toContain('directory');
    else expect(copied[path]).toBe(describeContent(content));
  }
  for (const [path, what] of Object.entries(copied)) {
    if (!what.startsWith('directory')) continue;
    expect(readdirSync(join(guest.guestWorkspace, path)), `${path} is empty`).not.toEqual([]);
  }
}

test('any pins of any two trees, committed or in a folder', async () => {
  await fc.assert(
    fc.asyncProperty(treeArbitrary, treeArbitrary, fc.boolean(), async (head, base, committed) => {
      const guest = makeGuest();
      write(guest.workspace, head);
      if (committed) {
        guest.git('init', '-q');
        guest.git(
          '-c',
          'user.name=a',
          '-c',
          'user.email=a@b',
          'commit',
          '-qm',
          '0',
          '--allow-empty',
        );
        if (head.size > 0) commitAll(guest);
      }
      const pins = pinsOf(head, base);
      const provisioned = await provisionPinned(guest, pins);
      expectPinned(guest, pins, head, base);
      expect(await changesOf(guest, provisioned)).toEqual([]);
      expect(guest.guestGit('fsck', '--full')).toMatch(/^(dangling tree [0-9a-f]+\n)?$/);
      rmSync(guest.root, { recursive: true });
    }),
    { numRuns: 10 },
  );
});

test('what trust pins in a checkout of a pull request’s head', async () => {
  const guest = makeGuest();
  startRepository(guest);
  guest.write('CLAUDE.md', 'obey the base\n');
  guest.write('.claude/settings.json', '{}\n');
  commitAll(guest, 'base');
  const base = guest.git('rev-parse', 'HEAD').trim();
  guest.write('CLAUDE.md', 'obey the head\n');
  guest.write('pkg/AGENTS.md', 'obey the head\n');
  rmSync(join(guest.workspace, '.claude'), { recursive: true });
  symlinkSync('/etc', join(guest.workspace, '.claude'));
  commitAll(guest, 'head');
  const scratch = join(guest.root, 'trust');
  mkdirSync(scratch);
  const place = { checkout: guest.workspace, token: '', scratch };
  const repository = await openRepository(guest.host, place);
  if (!repository) throw new Error('there is no repository');
  const pinned = await pinAgentConfig(repository, base, await repository.listHead());
  await repository.close();
  const provisioned = await provisionPinned(guest, pinned);
  const copied = treeOf(guest.guestWorkspace);
  expect(Object.keys(copied).filter((path) => /claude|agents/i.test(path))).toEqual([
    '.bottle-head/.claude.head',
    '.bottle-head/CLAUDE.md.head',
    '.bottle-head/pkg/AGENTS.md.head',
    '.claude',
    '.claude/settings.json',
    'CLAUDE.md',
  ]);
  expect(guest.guestGit('diff', base, provisioned.baseTree)).toBe('');
  expect(await changesOf(guest, provisioned)).toEqual([]);
});
