/** A bare repository with a base commit, and a change that arrives as a pack and is checked. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCommits } from '../../src/git-check/check-commits.ts';
import type { CheckFinding } from '../../src/git-check/finding.ts';
import { type GitRunner, makeGitRunner } from '../../src/git-check/git-runner.ts';
import { takePack } from '../../src/git-check/pack.ts';
import { type CheckPolicy, DEFAULT_POLICY } from '../../src/git-check/policy.ts';
import { spawnProcess } from '../../src/host/process.ts';
import { type CommitFields, type Files, makeObjects, type ObjectStore } from './object-store.ts';

export const PATH = process.env.PATH ?? '';
export const PROGRAM = execFileSync('which', ['git']).toString().trim();

export type Bare = { readonly directory: string; readonly git: GitRunner; remove(): void };

export function makeBare(): Bare {
  const root = mkdtempSync(join(tmpdir(), 'git-check-'));
  const directory = join(root, 'bare.git');
  mkdirSync(directory);
  execFileSync(PROGRAM, ['init', '-q', '--bare', '--template=', directory]);
  const git = makeGitRunner({ spawn: spawnProcess, program: PROGRAM, directory, path: PATH });
  return { directory, git, remove: () => rmSync(root, { recursive: true, force: true }) };
}

export async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export type Author = ObjectStore & {
  readonly base: string;
  /** A commit of these files; on top of the base where no parents are given. */
  save(files: Files, fields?: Partial<CommitFields>): string;
};

export const BASE_FILES: Files = {
  'README.md': 'Hello\n',
  'src/main.c': 'int main() {}\n',
  '.github/workflows/ci.yml': 'on: push\n',
};

export const POLICY: CheckPolicy = { ...DEFAULT_POLICY, secrets: [] };

/** Builds a change with `build`, which returns its tips, and says what is found in it. */
export async function findingsOf(
  build: (author: Author) => string | readonly string[],
  policy: Partial<CheckPolicy> = {},
  baseFiles: Files = BASE_FILES,
): Promise<readonly CheckFinding[]> {
  const bare = makeBare();
  try {
    const store = makeObjects();
    const base = store.commit({ tree: store.files(baseFiles), message: 'Base' });
    const before = store.pack();
    const known = store.ids();
    const save: Author['save'] = (files, fields = {}) =>
      store.commit({ tree: store.files(files), parents: [base], ...fields });
    const tips = [build({ ...store, base, save })].flat();
    const limits = { maxBytes: 2 ** 30 };
    const first = await takePack(bare.git, oneChunk(before), limits);
    if (first.length > 0) throw new Error(`the base is not taken: ${first[0]?.detail}`);
    const refused = await takePack(bare.git, oneChunk(store.pack(known)), limits);
    if (refused.length > 0) return refused;
    return await checkCommits(bare.git, { base, tips, policy: { ...POLICY, ...policy } });
  } finally {
    bare.remove();
  }
}
