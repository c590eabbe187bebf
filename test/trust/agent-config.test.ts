/** Agent configuration of a head that is not trusted: the trusted version, or none. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAgentConfig, pinAgentConfig } from '../../src/trust/agent-config.ts';
import { trustedDirectory } from '../../src/trust/trusted-directory.ts';
import { type Files, fileServer, makeGitScene } from './git-scene.ts';

async function commit(files: Files) {
  const scene = makeGitScene();
  const sha = scene.commit(files);
  scene.clone();
  const { repository } = await scene.open(fileServer(scene));
  return { scene, sha, repository };
}

/** What `pinAgentConfig` says, one line each. */
async function pin(trusted: Files, head: readonly string[]) {
  const { sha, repository } = await commit({ 'README.md': 'x', ...trusted });
  const pinned = await pinAgentConfig(repository, sha, head);
  return pinned.map(({ path, guest, headAs }) => {
    const content =
      guest.kind === 'file'
        ? `${guest.mode.toString(8)} ${Buffer.from(guest.bytes)}`
        : guest.kind === 'symlink'
          ? `-> ${guest.target}`
          : 'absent';
    return `${path}: ${content}${headAs === undefined ? '' : ` [${headAs}]`}`;
  });
}

describe('agent configuration', () => {
  test.each([
    ...['CLAUDE.md', 'claude.MD', 'a/b/AGENTS.md', '.claude/settings.json', 'x/.claude/hooks/h.sh'],
    ...[
      '.mcp.json',
      '.gemini/settings.json',
      '.codex/config.toml',
      'a/.opencode/x',
      'opencode.json',
    ],
    ...['.husky/pre-commit', '.gitattributes', 'sub/.gitmodules', 'CLAUDE.md/inside', 'GEMINI.md'],
    ...['.github/copilot-instructions.md', 'a/.github/instructions/x.md', '.claude'],
  ])('%s is', (path) => expect(isAgentConfig(path)).toBe(true));

  test.each([
    ...['README.md', 'src/claude.ts', '.gitignore', '.github/workflows/ci.yml', 'CLAUDE.md.txt'],
    ...['docs/agents/x.md', 'copilot-instructions.md', 'claude/settings.json', '.bottle-head/x'],
  ])('%s is not', (path) => expect(isAgentConfig(path)).toBe(false));

  test('is pinned: changed, removed and added files alike', async () => {
    const trusted = {
      'CLAUDE.md': 'rules',
      'pkg/AGENTS.md': 'more rules',
      '.claude/link': { link: 'settings.json' },
      '.gitattributes': '* text',
    };
    const head = ['CLAUDE.md', 'new/.mcp.json', '.claude/settings.json', 'src/x.ts', 'pkg/y'];
    expect(await pin(trusted, head)).toEqual([
      '.claude/link: -> settings.json',
      '.claude/settings.json: absent [.bottle-head/.claude.head/settings.json]',
      '.gitattributes: 644 * text',
      'CLAUDE.md: 644 rules [.bottle-head/CLAUDE.md.head]',
      'new/.mcp.json: absent [.bottle-head/new/.mcp.json.head]',
      'pkg/AGENTS.md: 644 more rules',
    ]);
  });

  test('that is a link to other files has their trusted content in the place of the link', async () => {
    const trusted = {
      'docs/rules.md': 'be kind',
      'skills/greet/SKILL.md': 'greet',
      'CLAUDE.md': { link: 'docs/rules.md' },
      'AGENTS.md': { link: 'CLAUDE.md' },
      '.claude/skills': { link: '../skills' },
      'GEMINI.md': { link: 'nowhere.md' },
      '.cursorrules': { link: '/etc/passwd' },
    };
    expect(await pin(trusted, ['docs/rules.md'])).toEqual([
      '.claude/skills/greet/SKILL.md: 644 greet',
      '.cursorrules: -> /etc/passwd',
      'AGENTS.md: -> CLAUDE.md',
      'CLAUDE.md: 644 be kind',
      'GEMINI.md: -> nowhere.md',
    ]);
  });

  test('is not written through a link or a file that the head put above it', async () => {
    const trusted = { 'pkg/CLAUDE.md': 'rules', 'dir/sub/AGENTS.md': 'rules' };
    expect(await pin(trusted, ['pkg', 'dir/sub'])).toEqual([]);
  });

  test('a directory of the head in the place of a file gives way', async () => {
    expect(await pin({ '.husky': 'a file' }, ['.husky/pre-commit', 'CLAUDE.md/x'])).toEqual([
      '.husky: 644 a file',
      '.husky/pre-commit: absent [.bottle-head/.husky.head/pre-commit]',
      'CLAUDE.md/x: absent [.bottle-head/CLAUDE.md.head/x]',
    ]);
  });

  test('the neutral name cannot be taken beforehand', async () => {
    const head = ['.bottle-head/CLAUDE.md.head', '.Bottle-Head-2', 'CLAUDE.md'];
    expect(await pin({}, head)).toEqual(['CLAUDE.md: absent [.bottle-head-3/CLAUDE.md.head]']);
  });

  test('no neutral name is itself configuration', async () => {
    const { sha, repository } = await commit({ a: 'a' });
    const part = fc.constantFrom(
      'CLAUDE.md',
      '.claude',
      '.github',
      'agents',
      'hooks',
      'x',
      '.husky',
    );
    const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(path, { maxLength: 8 }), async (head) => {
        for (const { headAs } of await pinAgentConfig(repository, sha, head)) {
          expect(isAgentConfig(headAs ?? '')).toBe(false);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('lists what is checked out, new files included, ignored ones not', async () => {
    const { scene, repository } = await commit({ 'CLAUDE.md': 'x', '.gitignore': 'ignored\n' });
    scene.write({ 'new/.mcp.json': '{}', ignored: 'x', 'ü "q".md': 'x' });
    expect([...(await repository.listHead())].sort()).toEqual(
      ['.gitignore', 'CLAUDE.md', 'new/.mcp.json', 'ü "q".md'].sort(),
    );
  });
});

describe('a directory of the trusted commit', () => {
  const skills: Files = {
    'skills/a/SKILL.md': 'a',
    'skills/a/run.sh': '#!/bin/sh',
    'skills/b': { link: 'a' },
    'skills/a/up': { link: '../a/SKILL.md' },
    'skills/a/here': { link: './SKILL.md' },
    outside: 'x',
  };

  test('is written with plain modes, its links inside kept', async () => {
    const { scene, sha, repository } = await commit(skills);
    const to = join(scene.root, 'skills');
    expect(await trustedDirectory(repository, sha, 'skills/', to)).toBe(true);
    const inA = ['SKILL.md', 'here', 'run.sh', 'up'];
    expect(readdirSync(join(to, 'a')).sort()).toEqual(inA);
    expect(readdirSync(to).sort()).toEqual(['a', 'b']);
    expect(readFileSync(join(to, 'b/up'), 'utf8')).toBe('a');
    expect(readlinkSync(join(to, 'a/up'))).toBe('../a/SKILL.md');
    expect(statSync(join(to, 'a/SKILL.md')).mode & 0o777).toBe(0o644);
    expect(lstatSync(to).mode & 0o777).toBe(0o755);
  });

  test.each(['', '.', './'])('can be the whole commit: %j', async (path) => {
    const { scene, sha, repository } = await commit({ 'a/SKILL.md': 'a' });
    const to = join(scene.root, 'skills');
    expect(await trustedDirectory(repository, sha, path, to)).toBe(true);
    expect(readFileSync(join(to, 'a/SKILL.md'), 'utf8')).toBe('a');
  });

  test.each(['absent', 'outside', 'skills/a/SKILL.md'])('is not made of %s', async (path) => {
    const { scene, sha, repository } = await commit(skills);
    const to = join(scene.root, 'skills');
    expect(await trustedDirectory(repository, sha, path, to)).toBe(false);
    expect(readdirSync(scene.root)).not.toContain('skills');
  });

  test.each([
    ...['/etc/passwd', '../outside', '../../outside', 'a/../../outside', '..', './../outside'],
    ...['self/../..', '../skills/a'],
  ])('refuses a link to %s', async (link) => {
    const files = { ...skills, 'skills/bad': { link }, 'skills/self': { link: '.' } };
    const { scene, sha, repository } = await commit(files);
    const made = trustedDirectory(repository, sha, 'skills', join(scene.root, 'skills'));
    await expect(made).rejects.toThrow(/leads out/);
  });

  test('is never written into something that is there', async () => {
    const { scene, sha, repository } = await commit(skills);
    mkdirSync(join(scene.root, 'skills'));
    const made = trustedDirectory(repository, sha, 'skills', join(scene.root, 'skills'));
    await expect(made).rejects.toThrow(/EEXIST/);
  });
});
