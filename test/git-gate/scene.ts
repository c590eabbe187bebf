/** A guest's git, the gate, and upstreams of git's own over TLS: all real, all on this machine. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type {
  GatewayConfig,
  GatewayPush,
  GitGateConfig,
  GitRepository,
  UpstreamProxy,
} from '../../src/gateway/protocol.ts';
import { DEFAULT_POLICY } from '../../src/git-check/policy.ts';
import { type GatewayProcess, startGatewayProcess } from '../upstream/gateway-process.ts';
import { gitServer } from '../upstream/git-server.ts';
import { type Respond, startUpstream, type Upstream } from '../upstream/upstream.ts';

export const HOST = 'git.example.test';
export const TOKEN = 'an-upstream-token-k3x9q7';
export const BASIC = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`;

export type Ended = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

export type Scene = {
  readonly directory: string;
  /** The upstream's repository, for plumbing. */
  readonly bare: string;
  /** As the guest's git is told it. */
  readonly url: string;
  readonly port: number;
  readonly upstream: Upstream;
  readonly gateway: GatewayProcess;
  /** The guest's git. */
  git(cwd: string, ...args: string[]): Promise<Ended>;
  /** Like `git`; throws unless it succeeds; its output without the line break. */
  good(cwd: string, ...args: string[]): Promise<string>;
  /** git on the upstream's repository itself. */
  atUpstream(...args: string[]): string;
  /** A clone through the gate in a directory of this name. */
  clone(name: string, ...args: string[]): Promise<string>;
  /** What was said of pushes; waits until it was said of this many. */
  pushes(count: number): Promise<GatewayPush[]>;
  /** Requests of the upstream whose target fits. */
  asked(pattern: RegExp): number;
  close(): Promise<void>;
};

export type SceneOptions = {
  readonly repository?: Partial<GitRepository>;
  readonly gate?: Partial<GitGateConfig>;
  readonly config?: Partial<GatewayConfig>;
  /** What stands between the gate and its upstream. */
  readonly behind?: (upstream: Upstream) => Promise<UpstreamProxy>;
  /** What stands before the upstream's git: undefined lets the request pass. */
  readonly respond?: Respond;
  readonly commits?: number;
  /** An upstream's repository that is there already. */
  readonly bare?: string;
};

const IDENTITY = {
  GIT_AUTHOR_NAME: 'A Guest',
  GIT_AUTHOR_EMAIL: 'guest@example.test',
  GIT_COMMITTER_NAME: 'A Guest',
  GIT_COMMITTER_EMAIL: 'guest@example.test',
};

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'git-gate-'));
  const env = environmentOf(directory);
  const bare = options.bare ?? join(directory, 'up', 'site.git');
  const atUpstream = (...args: string[]) =>
    execFileSync('git', ['-C', bare, ...args], { env, encoding: 'utf8' }).trim();
  if (options.bare === undefined) {
    mkdirSync(bare, { recursive: true });
    atUpstream('init', '--quiet', '--bare', '-b', 'main');
    fillRepository(atUpstream, options.commits ?? 3);
  }
  const server = gitServer(dirname(bare), { authorization: BASIC });
  const upstream = await startUpstream({ names: [HOST], respond: options.respond ?? server });
  const gateway = await startGatewayProcess({
    connectTo: upstream.connectTo,
    extraAuthorities: upstream.authority,
    git: {
      program: '/usr/bin/git',
      path: process.env.PATH ?? '',
      directory: join(directory, 'gate'),
      rules: DEFAULT_POLICY,
      repositories: [
        {
          name: 'site',
          url: `https://${HOST}/site.git`,
          access: { kind: 'token', name: 'SITE_TOKEN', value: TOKEN },
          push: 'forward',
          allowForce: false,
          refs: ['refs/heads/**', 'refs/tags/**'],
          ...options.repository,
        },
      ],
      ...options.gate,
    },
    ...(options.behind && { connectTo: [], proxy: await options.behind(upstream) }),
    ...options.config,
  });
  const relay = await gateway.relay();
  const url = `http://127.0.0.1:${relay.port}/git/site`;
  const git = (cwd: string, ...args: string[]) => {
    // The guest reaches the relay under this name; here it has another port.
    const settings = ['-c', 'http.extraHeader=Host: 127.0.0.1:7711', '-c', 'gc.auto=0'];
    return run(['git', ...settings, ...args], cwd, env);
  };
  const good = async (cwd: string, ...args: string[]) => {
    const { exitCode, stdout, stderr } = await git(cwd, ...args);
    if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${exitCode}: ${stderr}`);
    return stdout.trim();
  };
  return {
    ...{ directory, bare, url, port: relay.port, upstream, gateway, git, good, atUpstream },
    clone: async (name, ...args) => {
      await good(directory, 'clone', '--quiet', ...args, url, name);
      return join(directory, name);
    },
    async pushes(count) {
      const said = () => gateway.messages.filter((message) => message.type === 'push');
      if (count > 0) await gateway.waitFor(() => said().length >= count);
      return said();
    },
    asked: (pattern) => upstream.requests.filter(({ target }) => pattern.test(target)).length,
    async close() {
      await relay.close();
      await gateway.stop();
      await upstream.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function environmentOf(home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    ...IDENTITY,
  };
}

/** `main` with this many commits, and a tag on the last. */
function fillRepository(git: (...args: string[]) => string, commits: number): void {
  const tree = git('hash-object', '-w', '-t', 'tree', '/dev/null');
  let parent: string[] = [];
  for (let index = 0; index < commits; index++) {
    parent = ['-p', git('commit-tree', tree, ...parent, '-m', `commit ${index}`)];
  }
  git('update-ref', 'refs/heads/main', parent[1] ?? '');
  git('tag', 'v1', 'main');
}

/** A commit with these files on the branch that is checked out. */
export async function commit(
  { good }: Pick<Scene, 'good'>,
  work: string,
  files: Record<string, string | Uint8Array>,
  message = 'a change',
): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(work, name, '..'), { recursive: true });
    writeFileSync(join(work, name), content);
  }
  await good(work, 'add', '-A');
  await good(work, 'commit', '--quiet', '--allow-empty', '-m', message);
  return good(work, 'rev-parse', 'HEAD');
}

export async function run(
  [program = '', ...args]: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<Ended> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text) => {
      said[name] += text;
    });
  }
  const [exitCode] = await once(child, 'close');
  return { exitCode: exitCode ?? -1, ...said };
}

/** Commits on `main` of a clone that each change one of twenty small files: fast-import(1). */
export function importCommits(work: string, count: number): void {
  const env = environmentOf(work);
  const stream = Array.from({ length: count }, (_, index) => {
    const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
    const from = index === 0 ? 'from refs/heads/main^0\n' : '';
    const who = `committer A Guest <guest@example.test> ${1_700_000_000 + index} +0000\n`;
    const lines = `line ${index}\n`.repeat(5);
    const file = `M 100644 inline d${index % 4}/file${index % 20}.txt\n${data(lines)}`;
    return `commit refs/heads/main\n${who}${data(`commit ${index}`)}${from}${file}`;
  });
  execFileSync('git', ['fast-import', '--quiet'], { cwd: work, env, input: stream.join('\n') });
}
