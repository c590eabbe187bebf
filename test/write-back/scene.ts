/** A repository on GitHub, a checkout of it, and an agent's commits that are to be written back. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { runProcess, spawnProcess } from '../../src/host/process.ts';
import type { PushPlan } from '../../src/plan/git-plan.ts';
import { writeBack } from '../../src/write-back/write-back.ts';
import type { WriteBack, WriteBackRequest } from '../../src/write-back/written.ts';
import { type GitHubServer, startGitHub } from '../github-api/server.ts';
import { REPOSITORY, TOKEN } from '../github-api/state.ts';

export const WORKFLOW = `${REPOSITORY}/.github/workflows/agent.yml`;

export type Scene = {
  readonly github: GitHubServer;
  readonly base: string;
  /** In the checkout. */
  git(...args: string[]): string;
  write(path: string, content: string | Buffer, mode?: number): void;
  link(path: string, to: string): void;
  remove(path: string): void;
  /** Everything that is there; the commit's id. */
  commit(message: string): string;
  /** Takes the checkout back to a commit. */
  reset(to: string): void;
  /** What is checked out now as a change of `base`. */
  request(push?: Partial<Values>, fields?: Partial<WriteBackRequest>): WriteBackRequest;
  run(push?: Partial<Values>, fields?: Partial<WriteBackRequest>): Promise<WriteBack>;
  host(cancelled?: AbortSignal): Host;
  /** Of the branch on GitHub. */
  remote(...args: string[]): string;
  readonly pauses: readonly number[];
  /** All argvs and environments of what was started. */
  readonly started: readonly { readonly argv: readonly string[]; readonly env: object }[];
};

type Values = { readonly [K in keyof PushPlan]: PushPlan[K]['value'] };

const PUSH: Values = {
  mode: 'pull-request',
  branch: 'bottle/demo-12345',
  base: '',
  title: '',
  draft: false,
  labels: [],
  reviewers: [],
  comment: false,
  number: 7,
};

const run = (args: readonly string[]) =>
  execFileSync('git', ['-c', 'user.name=Agent', '-c', 'user.email=agent@example.com', ...args], {
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
    .toString()
    .trimEnd();

let template: string | undefined;

/** Made once: what every scene begins with, as a repository with one commit. */
function makeTemplate(): string {
  const directory = mkdtempSync(join(tmpdir(), 'template-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  run(['init', '-q', '-b', 'main', '--template=', directory]);
  mkdirSync(join(directory, 'old'));
  mkdirSync(join(directory, 'src'));
  writeFileSync(join(directory, 'readme.md'), 'hello\n');
  writeFileSync(join(directory, 'old/gone.txt'), 'gone\n');
  writeFileSync(join(directory, 'src/main.c'), 'int main() {}\n');
  run(['-C', directory, 'add', '-A']);
  run(['-C', directory, 'commit', '-qm', 'base']);
  return directory;
}

export async function makeScene(): Promise<Scene> {
  template ??= makeTemplate();
  const github = await startGitHub();
  const root = mkdtempSync(join(tmpdir(), 'write-back-'));
  const checkout = join(root, 'checkout');
  const proposal = join(root, 'proposal.git');
  onTestFinished(async () => {
    await github.close();
    rmSync(root, { recursive: true, force: true });
  });
  const git = (...args: string[]) => run(['-C', checkout, ...args]);
  cpSync(template, checkout, { recursive: true });
  const base = git('rev-parse', 'HEAD');
  cpSync(join(checkout, '.git/objects'), join(github.state.bare.directory, 'objects'), {
    recursive: true,
  });
  writeFileSync(join(github.state.bare.directory, 'refs/heads/main'), `${base}\n`);
  const write: Scene['write'] = (path, content, mode = 0o644) => {
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), content);
    chmodSync(join(checkout, path), mode);
  };
  const commit = (message: string) => {
    git('add', '-A');
    git('commit', '-qm', message, '--allow-empty');
    return git('rev-parse', 'HEAD');
  };

  const pauses: number[] = [];
  const started: { argv: readonly string[]; env: object }[] = [];
  const host = (cancelled = new AbortController().signal) =>
    ({
      env: { PATH: process.env.PATH ?? '', GITHUB_API_URL: github.url },
      which: () => '/usr/bin/git',
      run: (argv: readonly string[]) => runProcess(argv, { env: process.env }),
      spawn: (argv: readonly string[], options: Parameters<typeof spawnProcess>[1]) => {
        started.push({ argv, env: options.env });
        return spawnProcess(argv, options);
      },
      cancelled,
    }) as unknown as Host;
  const request: Scene['request'] = (push = {}, fields = {}) => {
    rmSync(proposal, { recursive: true, force: true });
    cpSync(join(checkout, '.git'), proposal, { recursive: true });
    writeFileSync(join(proposal, 'config'), '[core]\n\tbare = true\n');
    const values = Object.entries({ ...PUSH, ...push });
    return {
      push: Object.fromEntries(
        values.map(([name, value]) => [name, { value, source: `input ${name}` }]),
      ) as unknown as PushPlan,
      change: { base, tip: git('rev-parse', 'HEAD'), verdict: 'clean', repository: proposal },
      place: { repository: REPOSITORY, server: github.url, token: TOKEN, workflow: WORKFLOW },
      runId: 'demo-12345',
      author: { name: '', email: '' },
      cleanMessage: (message) => message.trim(),
      title: 'A title',
      body: 'A body',
      ...fields,
    };
  };
  const options = {
    timeoutMs: 5000,
    retryMs: 1,
    longestPauseMs: 180_000,
    pause: async (ms: number) => void pauses.push(ms),
  };
  return {
    ...{ github, base, git, write, commit, host, request, pauses, started },
    link: (path, to) => symlinkSync(to, join(checkout, path)),
    remove: (path) => rmSync(join(checkout, path), { recursive: true }),
    reset: (to) => void git('reset', '-q', '--hard', to),
    run: (push, fields) => writeBack(host(), request(push, fields), options),
    remote: (...args) => github.state.bare.git(...args),
  };
}
