/** What harms whoever checks the commit out: submodules, links, attributes, programs among the files. */
import type { Files } from '../git-check/object-store.ts';
import { each, type HostileCase, type World } from './case.ts';

const files = (
  name: string,
  rules: HostileCase['rules'],
  of: (world: World) => Files,
  policy?: HostileCase['policy'],
): HostileCase => ({
  name,
  rules,
  deliver: (world) => world.save(of(world)),
  ...(policy ? { policy } : {}),
});

const ALLOWED = { allowSubmodules: true };

/** Refused as it is, and by git's own check or ours where submodules are allowed. */
function submodule(name: string, text: string, also: HostileCase['rules'] = []): HostileCase[] {
  const of = ({ base }: World): Files => ({ '.gitmodules': text, a: { submodule: base } });
  return [
    files(name, ['submodule', 'fsck'], of),
    ...(also.length > 0 ? [files(`${name}, where submodules are allowed`, also, of, ALLOWED)] : []),
  ];
}

const module = (name: string, lines: readonly string[]) =>
  `[submodule ${JSON.stringify(name)}]\n${lines.map((line) => `\t${line}\n`).join('')}`;
const url = (address: string) => module('a', ['path = a', `url = ${address}`]);

const SUBMODULES: readonly HostileCase[] = [
  ...submodule('a submodule', url('https://example.test/a')),
  ...submodule(
    'CVE-2018-11235: a submodule’s name that leads upwards',
    module('../../x', ['path = a', 'url = https://x.test/a']),
    ['fsck'],
  ),
  ...submodule('CVE-2018-17456: a submodule’s address that is an option', url('-u./payload'), [
    'fsck',
  ]),
  ...submodule(
    'a submodule’s path that is an option',
    module('a', ['path = -x', 'url = https://x.test/a']),
    ['fsck'],
  ),
  ...submodule(
    'CVE-2019-19604: a submodule’s update that is a command',
    module('a', ['path = a', 'url = https://x.test/a', 'update = !touch x']),
    ['fsck'],
  ),
  ...submodule(
    'CVE-2020-5260: a submodule’s address with a line break for a credential helper',
    url('https://x.test/%0ahost=github.com'),
    ['fsck'],
  ),
  ...submodule('CVE-2020-11008: a submodule’s address without a host', url('https:///x'), ['fsck']),
  ...submodule(
    'CVE-2021-40330: a line break for git’s own protocol',
    url('git://x.test/%0aHost: y'),
    ['fsck', 'submodule'],
  ),
  ...submodule(
    'CVE-2024-50349: an address with orders for a terminal',
    url('https://x.test\u001b[2J/a'),
    ['submodule'],
  ),
  ...submodule(
    'CVE-2024-52006: a carriage return for a credential helper',
    url('https://x.test\rhost=y/a'),
    ['submodule'],
  ),
  ...submodule(
    'CVE-2025-48384: a path that ends in a carriage return',
    module('a', ['path = "a\r"', 'url = https://x.test/a']),
    ['submodule'],
  ),
  ...submodule(
    'CVE-2025-48386: an address of 5,000 characters',
    url(`https://x.test/${'a'.repeat(5000)}`),
  ),
  ...submodule(
    'CVE-2023-29007: a line of settings behind 1,200 characters',
    module(`${'a'.repeat(1200)} [core] sshCommand = x`, ['path = a', 'url = https://x.test/a']),
  ),
  ...submodule('CVE-2023-22490: a submodule beside the repository', url('./a')),
  ...submodule('a submodule by a program', url('ext::sh -c touch% x')),
  ...submodule('settings that are none', '[submodule "a"\n\tpath = \0\n', ['fsck', 'submodule']),
  files('a submodule that nobody declares', ['submodule'], ({ base }) => ({
    a: { submodule: base },
  })),
  files(
    'CVE-2024-32002: a submodule behind a link of another case',
    ['submodule', 'path-alias'],
    ({ base }) => ({
      '.gitmodules': module('x/y', ['path = A/modules/x', 'url = https://x.test/a']),
      'A/modules/x': { submodule: base },
      a: { link: '.git' },
    }),
  ),
  files('CVE-2026-45571: a submodule inside .git', ['fsck'], ({ base }) => ({
    '.git/modules/x': { submodule: base },
  })),
  ...each(
    ['.GITMODULES', 'GITMOD~1', '.gitmodules ', '.gitmodules::$DATA', '.git\u200cmodules'],
    (name) =>
      files(
        `a .gitmodules by the name ${JSON.stringify(name)}`,
        ['submodule', 'path-alias', 'fsck'],
        () => ({ [name]: url('-x') }),
      ),
  ),
  ...each(['.gitmodules', '.gitattributes', '.gitignore', '.mailmap'], (name) =>
    files(`a ${name} that is a link`, ['fsck'], () => ({ [name]: { link: 'README.md' } })),
  ),
];

const LINKS: readonly HostileCase[] = [
  ...each(
    [
      '/etc/passwd',
      '../outside',
      'src/../../x',
      '.git/hooks',
      '.GIT/config',
      'src/../.git',
      'C:/x',
      '\\\\x\\y',
      'git~1/x',
      '/proc/self/environ',
      'x'.repeat(5000),
      'a\nb',
    ],
    (target) =>
      files(`a link to ${JSON.stringify(target).slice(0, 40)}`, ['symlink', 'fsck'], () => ({
        l: { link: target },
      })),
  ),
  files('a link without a target', ['symlink', 'fsck'], () => ({ l: { link: '' } })),
  files('a link with a NUL in its target', ['symlink', 'fsck'], () => ({
    l: { link: 'a\0/../../x' },
  })),
  files('a link out through another link', ['symlink'], () => ({
    'd/e/up': { link: '../..' },
    l: { link: 'd/e/up/../x' },
  })),
  files('links that lead to each other', [], () => ({ a: { link: 'b' }, b: { link: 'a' } })),
  files(
    'CVE-2021-21300: a link where a directory of another case is',
    ['symlink', 'path-alias'],
    () => ({
      'A/post-checkout': '#!/bin/sh\n',
      a: { link: '.git/hooks' },
      '.gitattributes': 'A/post-checkout filter=lfs diff=lfs merge=lfs\n',
    }),
  ),
  {
    name: 'CVE-2023-23946: a link that a later commit writes through',
    rules: ['symlink'],
    deliver: ({ save }) =>
      save({ 'l/x': 'x\n' }, { parents: [save({ l: { link: '../outside' } })] }),
  },
  files('CVE-2023-25652: a link where a rejected patch is put', ['symlink'], () => ({
    'README.md.rej': { link: '/tmp/x' },
  })),
  {
    name: 'a link in the place of a protected directory',
    rules: ['protected-path'],
    deliver: ({ files: treeOf, commit, base }) => {
      const tree = treeOf({ 'README.md': 'Hello\n', 'x/ci.yml': 'x\n', '.github': { link: 'x' } });
      return commit({ tree, parents: [base] });
    },
  },
];

const ATTRIBUTES: readonly HostileCase[] = [
  ...each(
    [
      '* filter=evil',
      '* diff=evil',
      '* merge=evil',
      '* working-tree-encoding=UTF-16',
      '[attr]x filter=evil',
      '"a b" filter=evil',
      '*\tfilter=evil',
      '* text filter=evil',
      '* filter=evil\r',
    ],
    (line) =>
      files(`the attributes ${JSON.stringify(line)}`, ['gitattributes'], () => ({
        'deep/.gitattributes': `${line}\n`,
      })),
  ),
  ...each(['.GITATTRIBUTES', '.gitattributes.', 'GITATT~1', '.gitattributes::$DATA'], (name) =>
    files(
      `attributes by the name ${JSON.stringify(name)}`,
      ['gitattributes', 'path-alias', 'fsck'],
      () => ({ [name]: '* filter=evil\n' }),
    ),
  ),
  files('CVE-2022-23521: attributes with a line of 3 MB', ['fsck', 'gitattributes'], () => ({
    '.gitattributes': `* ${'a'.repeat(3_000_000)}\n`,
  })),
  files('CVE-2022-23521: 200,000 attributes', ['fsck', 'gitattributes'], () => ({
    '.gitattributes': Array.from({ length: 200_000 }, (_, index) => `* a${index}\n`).join(''),
  })),
  files('CVE-2022-41903: a file for an archive whose format overflows', [], () => ({
    '.gitattributes': 'x export-subst\n',
    x: '$Format:%>(2147483647)%an%<|(2147483647)%s$\n',
  })),
];

/** Nobody minds these: what matters is that looking at them runs nothing. */
const PROGRAMS: readonly HostileCase[] = [
  ...each(
    [
      '| touch canary',
      '$(touch canary)',
      '`touch canary`',
      '; touch canary',
      '--help',
      '-rf',
      '&& touch canary',
      "';touch canary;'",
      '%s%n',
      'a"b',
      '> canary',
      '> canary/x',
      'sh.exe',
      'git.exe',
      'astextplain.exe',
    ],
    (name) =>
      files(
        // gitk and git gui take them for commands and places; the last ones for programs of their own.
        `CVE-2025-27613, -27614, -46334, -46835: a file with the name ${JSON.stringify(name)}`,
        [],
        () => ({ [name]: 'x\n' }),
      ),
  ),
  files(
    'CVE-2020-27955, CVE-2022-24826, CVE-2022-41953: programs by names that git and others look for',
    [],
    ({ blob, trap }) => {
      const program = { mode: '100755', id: blob(`#!/bin/sh\n${trap}\n`) };
      const git = ['less', 'ssh', 'git-evil', 'hooks/pre-receive', 'vi', 'sh'];
      const others = ['git', 'git.bat', 'git.cmd', 'git-lfs', 'aspell', 'ispell', 'gpg'];
      return Object.fromEntries([...git, ...others].map((name) => [name, program]));
    },
  ),
  files('CVE-2023-25815: translations where git for Windows looks for them', [], () => ({
    'mingw64/share/locale/C/LC_MESSAGES/git.mo': '\xde\x12\x04\x95%n%n%s',
  })),
  files('CVE-2024-53263: a setting of LFS with a carriage return', [], () => ({
    '.lfsconfig': '[lfs]\n\turl = "https://x.test\rhost=y.test/a"\n',
  })),
];

export const WORK_TREES: readonly HostileCase[] = [
  ...SUBMODULES,
  ...LINKS,
  ...ATTRIBUTES,
  ...PROGRAMS,
];
