import { describe, expect, test } from 'vitest';
import { type Author, BASE_FILES, findingsOf } from './repository.ts';

/** Made here, so that this file holds none. */
const TOKEN = `ghp_${'a1B2c3D4e5F6g7H8i9J0'.repeat(2).slice(0, 36)}`;
const seen = async (...args: Parameters<typeof findingsOf>) =>
  (await findingsOf(...args)).map(({ rule, path, line }) => `${rule} ${path}:${line}`);

test('a plain change has no findings', async () => {
  expect(await findingsOf(({ save }) => save({ ...BASE_FILES, 'new.txt': 'new\n' }))).toEqual([]);
});

describe('a path', () => {
  const touch = (path: string, content = 'x\n') =>
    seen(({ save }) => save({ ...BASE_FILES, [path]: content }));

  test.each([
    ...['.github/workflows/evil.yml', '.GitHub/x', '.bot-bottle/a.md', 'CODEOWNERS', 'codeowners'],
    ...['docs/CODEOWNERS', 'CLAUDE.md', 'a/b/claude.md', 'a/.claude/settings.json', '.mcp.json'],
    ...['AGENTS.md. ', 'CODEOWNERS::$DATA', '.git\u200bhub/x', 'CODEOWNERS '],
  ])('%s is protected', async (path) => {
    const rules = (await touch(path)).map((text) => text.split(' ')[0]);
    if (path.includes('\u200b')) expect(rules).toContain('path-alias');
    else expect(rules).toContain('protected-path');
  });

  test.each(['src/CODEOWNERS', 'github/x', 'a.github/x', '.gitignore', 'a:b', 'docs/a b.txt'])(
    '%s is not protected',
    async (path) => {
      expect(await touch(path)).toEqual([]);
    },
  );

  test('is protected from being deleted and from being replaced by a link', async () => {
    const { '.github/workflows/ci.yml': _, ...rest } = BASE_FILES;
    expect(await seen(({ save }) => save(rest))).toEqual([
      'protected-path .github/workflows/ci.yml:0',
    ]);
    expect(await seen(({ save }) => save({ ...rest, '.github': { link: 'src' } }))).toContain(
      'protected-path .github:0',
    );
  });

  test('can be left to a person who looks at it', async () => {
    const findings = await findingsOf(({ save }) => save({ ...BASE_FILES, 'a.lock': '' }), {
      protectedPaths: [{ glob: '**/*.lock', action: 'review' }],
    });
    expect(findings).toMatchObject([{ rule: 'protected-path', action: 'review', path: 'a.lock' }]);
  });
});

describe('links', () => {
  const links = (files: Record<string, string>) =>
    seen(({ save }) =>
      save({
        ...BASE_FILES,
        ...Object.fromEntries(Object.entries(files).map(([path, link]) => [path, { link }])),
      }),
    );

  test.each(['/etc/passwd', '../x', 'src/../../x', 'C:\\x', '..\\x', '.git/hooks', 'src/.GIT/x'])(
    'to %s are refused',
    async (target) => {
      expect(await links({ l: target })).toEqual(['symlink l:0']);
    },
  );

  test('out of the tree through other links are refused', async () => {
    expect(await links({ 'deep/a': '../src', b: 'deep/a/../..' })).toEqual(['symlink b:0']);
  });

  test('that a later commit makes lead out are refused', async () => {
    const found = await seen(({ save }) => {
      const first = { ...BASE_FILES, 'p/d/x': 'x\n', y: 'y\n', l: { link: 'p/d/../../y' } };
      const { 'p/d/x': _, ...rest } = first;
      const second = { ...rest, 'p/d': { link: '../src' } };
      return save(second, { parents: [save(first)] });
    });
    expect(found).toEqual(['symlink l:0']);
  });

  test.each(['README.md', './src/main.c', 'src', 'not-there', 'src/../README.md'])(
    'to %s are fine',
    async (target) => {
      expect(await links({ l: target })).toEqual([]);
    },
  );
});

describe('names that are one file somewhere', () => {
  test.each([
    ['readme.md', 'readme.md'],
    ['SRC/other.c', 'SRC'],
    ['src/main.c.', 'src/main.c.'],
    ['src/main.c::$DATA', 'src/main.c::$DATA'],
  ])('%s', async (path, shown) => {
    const found = await seen(({ save }) => save({ ...BASE_FILES, [path]: 'x\n' }));
    expect(found).toEqual(shown === undefined ? [] : [expect.stringMatching(/^path-alias /)]);
  });

  test('in forms of Unicode', async () => {
    const found = await seen(({ save }) =>
      save({ ...BASE_FILES, 'caf\u00e9': 'x\n', 'cafe\u0301': 'y\n' }),
    );
    expect(found).toHaveLength(1);
  });

  test('are fine where the base has both, or one takes the other’s place', async () => {
    const both = { ...BASE_FILES, 'Foo/a': 'a\n', 'foo/b': 'b\n' };
    const more = await findingsOf(({ save }) => save({ ...both, 'Foo/c': 'c\n' }), {}, both);
    expect(more).toEqual([]);
    const { 'README.md': _, ...rest } = BASE_FILES;
    expect(await findingsOf(({ save }) => save({ ...rest, 'readme.md': 'Hello\n' }))).toEqual([]);
  });
});

describe('attributes and submodules', () => {
  const attributes = (text: string, path = '.gitattributes') =>
    findingsOf(({ save }) => save({ ...BASE_FILES, [path]: text }));

  test.each([
    ['*.c filter=evil', 'block'],
    ['*.c diff=evil', 'block'],
    ['*.c merge=evil', 'block'],
    ['*.c working-tree-encoding=UTF-16', 'block'],
    ['[attr]m filter=evil', 'block'],
    ['*.bin filter=lfs diff=lfs merge=lfs -text', 'review'],
    ['*.bin filter=lfs diff=evil', 'block'],
  ])('%s: %s', async (text, action) => {
    expect(await attributes(`# why\n${text}\n`)).toMatchObject([
      { rule: 'gitattributes', action, line: 2, path: '.gitattributes' },
    ]);
  });

  test('count in every directory and by every name', async () => {
    expect(await attributes('* filter=x\n', 'a/b/.GITATTRIBUTES')).toMatchObject([
      { rule: 'gitattributes' },
    ]);
  });

  test('that run nothing are fine, as are those that were there', async () => {
    expect(await attributes('*.py diff=python text eol=lf -merge\n*.x merge=union\n')).toEqual([]);
    const old = { ...BASE_FILES, '.gitattributes': '*.a filter=lfs\n' };
    const findings = await findingsOf(
      ({ save }) => save({ ...old, '.gitattributes': '*.b text\n*.a filter=lfs\n' }),
      {},
      old,
    );
    expect(findings).toEqual([]);
  });

  test('a submodule is refused, unless it may be', async () => {
    const build = ({ save, base }: Author) =>
      save({
        ...BASE_FILES,
        '.gitmodules': '[submodule "a"]\n\tpath = a\n\turl = https://example.test/a\n',
        a: { submodule: base },
      });
    expect(await seen(build)).toEqual(['submodule .gitmodules:0', 'submodule a:0']);
    expect(await seen(build, { allowSubmodules: true })).toEqual([]);
  });
});

describe('limits', () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, `${index}\n`]));

  test.each<[string, Parameters<typeof findingsOf>]>([
    [
      'file-size',
      [({ save }) => save({ ...BASE_FILES, a: 'x'.repeat(101) }), { maxFileBytes: 100 }],
    ],
    [
      'patch-size',
      [({ save }) => save({ ...BASE_FILES, a: 'x\n'.repeat(500) }), { maxPatchBytes: 999 }],
    ],
    [
      'patch-size',
      [({ save }) => save({ ...BASE_FILES, a: '\0'.repeat(1000) }), { maxPatchBytes: 999 }],
    ],
    ['file-count', [({ save }) => save({ ...BASE_FILES, ...many(11) }), { maxFiles: 10 }]],
    [
      'commit-count',
      [
        ({ save }) => save(BASE_FILES, { parents: [save(BASE_FILES, { message: '1' })] }),
        { maxCommits: 1 },
      ],
    ],
    [
      'ancestry',
      [({ save }) => save(BASE_FILES, { parents: [], message: 'Alone' }), { protectedPaths: [] }],
    ],
    ['ancestry', [({ blob }) => blob('x')]],
  ])('%s', async (rule, args) => {
    expect((await findingsOf(...args)).map((finding) => finding.rule)).toEqual([rule]);
  });

  test('are met exactly', async () => {
    const policy = { maxFiles: 10, maxFileBytes: 100, maxCommits: 1 };
    const build = ({ save }: Author) => save({ ...BASE_FILES, ...many(9), a: 'x'.repeat(100) });
    expect(await findingsOf(build, policy)).toEqual([]);
  });

  test('of findings hide no finding of another rule', async () => {
    const evil = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`.github/${at}`, 'x']));
    const findings = await findingsOf(({ save }) => save({ ...BASE_FILES, ...evil, z: TOKEN }));
    expect(findings.filter(({ rule }) => rule === 'protected-path')).toHaveLength(50);
    expect(findings[0]).toMatchObject({ rule: 'secret', path: 'z' });
  });
});
