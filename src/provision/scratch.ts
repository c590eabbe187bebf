/** A repository of our own beside the checkout: it borrows the checkout's objects, no settings. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host, HostPath } from '../host/host.ts';
import type { Git } from './git-command.ts';
import type { Repository } from './repository.ts';

/** git in the scratch repository, with the workspace as its work tree, or another one. */
export type Scratch = {
  run(args: readonly string[], stdin?: Uint8Array, workTree?: HostPath): Promise<Buffer>;
  /** The same with the checkout's index, for reading. */
  readIndex(args: readonly string[]): Promise<Buffer>;
  readonly objectFormat: string;
  /** The repository; it has all that was written through it. */
  readonly directory: HostPath;
  /** For packs that are made to be copied, and hold nothing that is not elsewhere. */
  readonly packs: HostPath;
};

/** Every command here may read all files of the workspace, or pack all of its history. */
const TIMEOUT_MS = 10 * 60_000;

/** `home` is an empty directory of this run. */
export function openScratch(
  host: Host,
  git: Git,
  home: HostPath,
  workspace: HostPath,
  source: Repository | undefined,
): Scratch {
  const directory = join(home, 'repository');
  const objectFormat = source?.objectFormat ?? 'sha1';
  makeRepository(directory, objectFormat, host.platform);
  if (source) borrow(source, directory);
  const packs = join(home, 'packs');
  mkdirSync(packs);

  const env = (workTree: HostPath, index: HostPath) => ({
    GIT_DIR: directory,
    GIT_WORK_TREE: workTree,
    GIT_INDEX_FILE: index,
  });
  const ownIndex = join(home, 'index');
  const borrowed = env(source?.top ?? workspace, join(directory, BORROWED_INDEX));
  return {
    objectFormat,
    directory,
    packs,
    run: (args, stdin, workTree = workspace) => {
      const options = { cwd: workTree, env: env(workTree, ownIndex), timeoutMs: TIMEOUT_MS };
      return git.run(args, { ...options, ...(stdin ? { stdin } : {}) });
    },
    readIndex: (args) => git.run(args, { cwd: workspace, env: borrowed, timeoutMs: TIMEOUT_MS }),
  };
}

const BORROWED_INDEX = 'checkout-index';

/** What `git init` makes, but for the process. */
function makeRepository(directory: HostPath, objectFormat: string, platform: string): void {
  for (const name of ['objects/info', 'objects/pack', 'refs', 'info']) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  writeFileSync(join(directory, 'HEAD'), 'ref: refs/heads/none\n');
  const names = platform === 'darwin' ? '\tignoreCase = true\n\tprecomposeUnicode = true\n' : '';
  const config = `[core]\n\trepositoryFormatVersion = 1\n\tbare = true\n${names}`;
  const extensions = `[extensions]\n\tobjectFormat = ${objectFormat}\n`;
  writeFileSync(join(directory, 'config'), config + extensions);
}

/** Everything of the checkout's git directory that is read beside HEAD. */
function borrow(source: Repository, directory: HostPath): void {
  const alternate = `"${source.objects.replace(/[\\"]/g, '\\$&')}"\n`;
  writeFileSync(join(directory, 'objects', 'info', 'alternates'), alternate);
  for (const [from, to] of [
    [source.exclude, join('info', 'exclude')],
    [source.shallow, 'shallow'],
    // A copy is younger than its original. So git trusts what the index says of files that were
    // written in the same second as the original; `baseOfCheckout` looks after those.
    [source.index, BORROWED_INDEX],
  ] as const) {
    if (existsSync(from)) copyFileSync(from, join(directory, to));
  }
  // A split index names its larger part, which git looks for beside HEAD.
  const beside = dirname(source.index);
  for (const name of readdirSync(beside).filter((name) => name.startsWith('sharedindex.'))) {
    copyFileSync(join(beside, name), join(directory, name));
  }
}
