/** A repository of our own beside the checkout: it borrows the checkout's objects, no settings. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import type { Git } from './git-command.ts';
import type { Repository } from './repository.ts';

/** git in the scratch repository, with the workspace as its work tree. */
export type Scratch = {
  run(args: readonly string[], stdin?: Uint8Array): Promise<Buffer>;
  /** The same with the checkout's own index, for reading. */
  readonly readIndex: (args: readonly string[]) => Promise<Buffer>;
  readonly objectFormat: string;
  /** Holds the packs that go into the guest. */
  readonly packs: HostPath;
};

export async function openScratch(
  git: Git,
  home: HostPath,
  workspace: HostPath,
  source: Repository | undefined,
): Promise<Scratch> {
  const directory = join(home, 'repository');
  const packs = join(home, 'packs');
  mkdirSync(packs);
  const objectFormat = source?.objectFormat ?? 'sha1';
  const format = `--object-format=${objectFormat}`;
  await git.run(['init', '--quiet', '--bare', '--template=', format, directory], { cwd: home });
  if (source) borrow(source, directory);

  const place = { GIT_DIR: directory, GIT_WORK_TREE: workspace };
  const env = { ...place, GIT_INDEX_FILE: join(home, 'index') };
  const readEnv = { ...place, GIT_WORK_TREE: source?.top ?? workspace };
  return {
    objectFormat,
    packs,
    run: (args, stdin) => git.run(args, { cwd: workspace, env, ...(stdin ? { stdin } : {}) }),
    readIndex: (args) =>
      git.run(args, {
        cwd: workspace,
        env: { ...readEnv, GIT_INDEX_FILE: source?.index ?? env.GIT_INDEX_FILE },
      }),
  };
}

/** Everything of the checkout's git directory that is read beside HEAD and the index. */
function borrow(source: Repository, directory: HostPath): void {
  mkdirSync(join(directory, 'objects', 'info'), { recursive: true });
  const alternate = `"${source.objects.replace(/[\\"]/g, '\\$&')}"\n`;
  writeFileSync(join(directory, 'objects', 'info', 'alternates'), alternate);
  mkdirSync(join(directory, 'info'), { recursive: true });
  if (existsSync(source.exclude)) copyFileSync(source.exclude, join(directory, 'info', 'exclude'));
  if (existsSync(source.shallow)) copyFileSync(source.shallow, join(directory, 'shallow'));
  // A split index names its larger part, which git looks for beside HEAD.
  const beside = dirname(source.index);
  for (const name of readdirSync(beside).filter((name) => name.startsWith('sharedindex.'))) {
    copyFileSync(join(beside, name), join(directory, name));
  }
}
