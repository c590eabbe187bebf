/** A bare repository of the run, made from what the runner has of it already. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitRunner } from '../../git-check/git-runner.ts';
import type { GitSeed } from '../protocol.ts';

/** Shown to the guest, whose git then need not send what the runner's checkout has. */
const BASE_REF = 'refs/bottle/base';
const SHA256_DIGITS = 64;

/** `git` runs in `directory`, which does not exist yet. */
export async function makeBareRepository(
  git: GitRunner,
  directory: string,
  seed: GitSeed | undefined,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const format = seed?.commit.length === SHA256_DIGITS ? 'sha256' : 'sha1';
  await must(git, ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`]);
  if (seed === undefined) return;
  const information = join(directory, 'objects', 'info');
  await mkdir(information, { recursive: true });
  await writeFile(join(information, 'alternates'), `${seed.objects}\n`);
  await copyIfThere(seed.shallow, join(directory, 'shallow'));
  await must(git, ['update-ref', BASE_REF, seed.commit]);
}

async function must(git: GitRunner, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await git(args);
  if (exitCode !== 0) throw new Error(`git ${args[0]} failed: ${stderr}`);
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
