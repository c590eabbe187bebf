/**
 * Small real root file systems from this machine's own programs, packed as a container image would
 * be.
 */
import { execFileSync } from 'node:child_process';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type TarEntry, tarArchive } from './tar.ts';
import { type PackOptions, type WrittenPack, writePack } from './writer.ts';

/** What a bottle needs: a shell, coreutils, tar, git, a relay's language and the usual text tools. */
export const BOTTLE_PROGRAMS = [
  ...['sh', 'bash', 'env', 'cat', 'ls', 'cp', 'mv', 'rm', 'mkdir', 'rmdir', 'ln', 'chmod', 'chown'],
  ...['touch', 'stat', 'head', 'tail', 'wc', 'sort', 'uniq', 'cut', 'tr', 'tee', 'id', 'whoami'],
  ...[
    'sleep',
    'true',
    'false',
    'date',
    'dd',
    'du',
    'df',
    'echo',
    'printf',
    'test',
    'mktemp',
    'nohup',
  ],
  ...[
    'readlink',
    'realpath',
    'basename',
    'dirname',
    'sha256sum',
    'base64',
    'seq',
    'yes',
    'timeout',
  ],
  ...['setpriv', 'getent', 'mkfifo', 'cmp', 'diff', 'hostname'],
  // What the relay can be written in.
  'perl',
  ...['tar', 'gzip', 'sed', 'grep', 'find', 'xargs', 'awk', 'ps', 'kill', 'git', 'uname', 'sync'],
] as const;

const ETC: readonly TarEntry[] = [
  {
    name: 'etc/passwd',
    body: 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000:node:/home/node:/bin/sh\n',
  },
  { name: 'etc/group', body: 'root:x:0:\nnode:x:1000:\n' },
  { name: 'etc/nsswitch.conf', body: 'passwd: files\ngroup: files\nhosts: files dns\n' },
  { name: 'etc/hosts', body: '127.0.0.1 localhost\n' },
  { name: 'etc/os-release', body: 'ID=bottle-test\nPRETTY_NAME="bottle test image"\n' },
];

/** `bin` → `usr/bin` and so on, as every current distribution has it. */
const MERGED_USR: readonly TarEntry[] = ['bin', 'sbin', 'lib', 'lib64'].map((name) => ({
  name,
  type: '2',
  mode: 0o777,
  link: `usr/${name}`,
}));

const DIRECTORIES: readonly TarEntry[] = [
  ...['dev', 'proc', 'sys', 'run', 'var', 'var/tmp', 'mnt', 'opt', 'workspace'],
  ...['etc', 'usr', 'home'],
].map((name) => ({ name: `${name}/`, type: '5', mode: 0o755 }));

const BASE: readonly TarEntry[] = [
  ...DIRECTORIES,
  { name: 'tmp/', type: '5', mode: 0o1777 },
  { name: 'root/', type: '5', mode: 0o700 },
  { name: 'home/node/', type: '5', mode: 0o755, uid: 1000, gid: 1000 },
  ...ETC,
  ...MERGED_USR,
];

/** `/bin/x` → `usr/bin/x`: where a path lies once `/bin` and `/lib` are links. */
function mergedPath(path: string): string {
  return path.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/').slice(1);
}

/** The shared libraries and the loader of a program, as `ldd` finds them. */
function libraries(program: string): string[] {
  try {
    const text = execFileSync('ldd', [program], { encoding: 'utf8', stdio: 'pipe' });
    return [...text.matchAll(/(?:=> |^\s+)(\/\S+) \(/gm)].map((match) => match[1] as string);
  } catch {
    return []; // a script or a static program
  }
}

function locate(program: string): string | undefined {
  const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin'];
  try {
    const found = execFileSync('which', [program], {
      encoding: 'utf8',
      env: { PATH: folders.join(':') },
    });
    return found.trim();
  } catch {
    return undefined;
  }
}

async function fileEntry(name: string, from: string): Promise<TarEntry> {
  return { name, mode: (await stat(from)).mode & 0o777, body: await readFile(from) };
}

/** git runs these from its own directory; the ones that are links to `git` stay links. */
async function gitCore(): Promise<TarEntry[]> {
  const folder = execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim();
  const entries: TarEntry[] = [
    { name: `${mergedPath(folder)}/`, type: '5' },
    { name: 'usr/share/git-core/templates/', type: '5' },
  ];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!(await stat(path)).isFile() || name.startsWith('git-cvs')) continue;
    const target = await realpath(path);
    const same = basename(target) === 'git' ? '/usr/bin/git' : undefined;
    const to = `${mergedPath(folder)}/${name}`;
    if (same) entries.push({ name: to, type: '2', mode: 0o777, link: same });
    else if (/^git-(remote-https?|http-backend|sh-|submodule)/.test(name)) {
      entries.push(await fileEntry(to, target));
    }
  }
  return entries;
}

/** The modules that Debian's perl always has, with what they load. */
async function perlBase(): Promise<TarEntry[]> {
  const print = 'print grep { /perl-base$/ } @INC';
  const folder = execFileSync('perl', ['-e', print], { encoding: 'utf8' });
  if (folder === '') return [];
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name));
  return Promise.all(paths.map((path) => fileEntry(mergedPath(path), path)));
}

function parentsOf(entries: readonly TarEntry[]): TarEntry[] {
  const known = new Set(BASE.map((entry) => entry.name.replace(/\/$/, '')));
  const missing = new Set<string>();
  for (const { name } of entries) {
    for (let at = dirname(name); at !== '.' && !known.has(at); at = dirname(at)) missing.add(at);
  }
  return [...missing].sort().map((name) => ({ name: `${name}/`, type: '5' }));
}

/**
 * The entries of a root file system that holds `programs` and what they load. Absent ones are left
 * out.
 */
async function rootfsEntries(programs: readonly string[]): Promise<TarEntry[]> {
  const files = new Map<string, string>();
  const links = new Map<string, string>();
  for (const program of programs) {
    const found = locate(program);
    if (!found) continue;
    const target = await realpath(found);
    files.set(mergedPath(target), target);
    if (mergedPath(found) !== mergedPath(target)) links.set(mergedPath(found), target);
    for (const library of libraries(target)) files.set(mergedPath(library), library);
  }
  const entries: TarEntry[] = [];
  for (const [to, from] of files) entries.push(await fileEntry(to, from));
  for (const [to, target] of links) {
    entries.push({ name: to, type: '2', mode: 0o777, link: `/${mergedPath(target)}` });
  }
  if (programs.includes('git')) entries.push(...(await gitCore()));
  if (programs.includes('perl')) entries.push(...(await perlBase()));
  for (const entry of [...entries]) {
    if (entry.type !== undefined || !entry.name.includes('git-core/')) continue;
    for (const library of libraries(`/${entry.name}`)) {
      const to = mergedPath(library);
      if (!files.has(to)) entries.push(await fileEntry(to, library));
      files.set(to, library);
    }
  }
  return entries;
}

/**
 * Writes a pack whose one layer is a usable root file system with `programs` of this machine, their
 * libraries, and user `node` (1000). Linux only. Boots on bubblewrap and on the smolvm double.
 */
export async function writeRootfsPack(
  path: string,
  programs: readonly string[] = BOTTLE_PROGRAMS,
  options: Omit<PackOptions, 'layers'> = {},
): Promise<WrittenPack> {
  const entries = await rootfsEntries(programs);
  const layer = tarArchive([...BASE, ...parentsOf(entries), ...entries]);
  return await writePack(path, { ...options, layers: [layer] });
}

/**
 * Writes a pack with an empty `/usr` and `/etc/passwd`: for engines that bring programs
 * themselves.
 */
export async function writeTinyPack(
  path: string,
  options: Omit<PackOptions, 'layers'> = {},
): Promise<WrittenPack> {
  return await writePack(path, { ...options, layers: [tarArchive(BASE)] });
}
