/** The repository behind the API: a real bare one, in which real git makes what the API is asked for. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Entry = {
  readonly path: string;
  readonly mode: string;
  readonly type: string;
  readonly sha?: string | null;
  readonly content?: string;
};

export type Bare = {
  /** What `git http-backend` serves. */
  readonly root: string;
  readonly directory: string;
  git(...args: string[]): string;
  /** Empty: there is no such object. */
  typeOf(id: string): string;
  /** Empty: there is no such branch. */
  headOf(branch: string): string;
  writeBlob(content: Uint8Array): string;
  writeTree(base: string | undefined, entries: readonly Entry[]): string;
  writeCommit(tree: string, parents: readonly string[], message: string, who: string): string;
  remove(): void;
};

export function makeBare(repository: string): Bare {
  const root = mkdtempSync(join(tmpdir(), 'github-'));
  const directory = join(root, repository);
  mkdirSync(directory, { recursive: true });
  const run = (args: readonly string[], options: { input?: Uint8Array; env?: object } = {}) =>
    execFileSync('git', ['--git-dir', directory, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      input: options.input ?? '',
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', ...options.env },
      maxBuffer: 256 << 20,
    })
      .toString()
      .trimEnd();
  run(['init', '-q', '--bare', '-b', 'main']);
  run(['config', 'http.receivepack', 'true']);
  const ask = (...args: string[]) => {
    try {
      return run(args);
    } catch {
      return '';
    }
  };
  return {
    root,
    directory,
    git: (...args) => run(args),
    typeOf: (id) => ask('cat-file', '-t', id),
    headOf: (branch) => ask('rev-parse', '--verify', '-q', `refs/heads/${branch}`),
    writeBlob: (content) => run(['hash-object', '-w', '--stdin'], { input: content }),
    writeTree(base, entries) {
      const env = { GIT_INDEX_FILE: join(root, 'index') };
      rmSync(env.GIT_INDEX_FILE, { force: true });
      if (base !== undefined) run(['read-tree', base], { env });
      const lines = entries.map(({ path, mode, sha, content }) => {
        const id = content === undefined ? sha : this.writeBlob(Buffer.from(content));
        return id === null ? `0 ${'0'.repeat(40)}\t${path}` : `${mode} ${id}\t${path}`;
      });
      const input = Buffer.from(lines.map((line) => `${line}\0`).join(''));
      run(['update-index', '-z', '--index-info'], { env, input });
      return run(['write-tree'], { env });
    },
    writeCommit(tree, parents, message, who) {
      const after = parents.flatMap((parent) => ['-p', parent]);
      const email = `${who}@users.noreply.example`;
      const env = {
        ...{ GIT_AUTHOR_NAME: who, GIT_AUTHOR_EMAIL: email },
        ...{ GIT_COMMITTER_NAME: 'GitHub', GIT_COMMITTER_EMAIL: 'noreply@github.example' },
      };
      const input = Buffer.from(message);
      return run(['commit-tree', tree, ...after, '-F', '-'], { env, input });
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
