/** Real repositories for tests: an upstream with its server, and checkouts of it. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openRepository, type Repository } from '../../src/trust/repository.ts';
import { REPOSITORY, TOKEN } from './github-api.ts';
import { makeHost, type TrustHost } from './host.ts';

export type Files = Readonly<Record<string, string | Buffer | { readonly link: string }>>;

export type GitScene = {
  readonly root: string;
  readonly upstream: string;
  readonly checkout: string;
  git(...args: string[]): string;
  gitIn(directory: string, ...args: string[]): string;
  /** Replaces the upstream's files, commits them on `main`; returns the id. */
  commit(files: Files): string;
  /** `git clone` options such as `--depth=1`. */
  clone(...options: string[]): void;
  write(files: Files): void;
  open(
    server: string,
    token?: string,
    checkout?: string,
  ): Promise<{ repository: Repository; host: TrustHost }>;
};

export function makeGitScene(format = 'sha1'): GitScene {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'trust-git-')));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const work = join(root, 'work');
  const upstream = join(root, 'server', `${REPOSITORY}`);
  const checkout = join(root, 'checkout');
  const temp = join(root, 'temp');
  for (const directory of [work, temp, dirname(upstream)])
    mkdirSync(directory, { recursive: true });
  const gitIn = (directory: string, ...args: string[]) => runGit(root, directory, args);
  gitIn(root, 'init', '-q', '--bare', `--object-format=${format}`, upstream);
  gitIn(upstream, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  gitIn(upstream, 'config', 'uploadpack.allowFilter', 'true');
  gitIn(root, 'init', '-q', '-b', 'main', `--object-format=${format}`, work);
  return {
    root,
    upstream,
    checkout,
    gitIn,
    git: (...args) => gitIn(checkout, ...args),
    commit: (files) => {
      gitIn(work, 'rm', '-rqf', '--ignore-unmatch', '.');
      writeFiles(work, files);
      gitIn(work, 'add', '-Af');
      gitIn(work, 'commit', '-q', '--allow-empty', '-m', 'x');
      gitIn(work, 'push', '-q', '-f', upstream, 'main');
      return gitIn(work, 'rev-parse', 'HEAD').trim();
    },
    clone: (...options) =>
      void gitIn(root, 'clone', '-q', '-b', 'main', ...options, `file://${upstream}`, checkout),
    write: (files) => writeFiles(checkout, files),
    open: async (server, token = TOKEN, at = checkout) => {
      const host = makeHost({
        RUNNER_TEMP: temp,
        GITHUB_SERVER_URL: server,
        GITHUB_REPOSITORY: server === '' ? '' : REPOSITORY,
      });
      const repository = await openRepository(host, { checkout: at, token, scratch: temp });
      if (repository === undefined) throw new Error('no repository');
      onTestFinished(() => repository.close());
      return { repository, host };
    },
  };
}

export function fileServer(scene: GitScene): string {
  return `file://${join(scene.root, 'server')}`;
}

function writeFiles(directory: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    if (typeof content === 'object' && 'link' in content) symlinkSync(content.link, target);
    else writeFileSync(target, content);
  }
}

function runGit(home: string, cwd: string, args: readonly string[]): string {
  const person = { NAME: 'a', EMAIL: 'a@example.com' };
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(
      Object.entries(person).flatMap(([key, value]) => [
        [`GIT_AUTHOR_${key}`, value],
        [`GIT_COMMITTER_${key}`, value],
      ]),
    ),
  };
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: [...stdio] });
}

export type GitServer = {
  readonly url: string;
  /** The `Authorization` of each request that was let in. */
  readonly admitted: readonly string[];
  readonly refused: readonly string[];
};

/** `git http-backend` behind a check of the token; or a server that sends all away to another. */
export async function serveGit(scene: GitScene, redirectTo?: string): Promise<GitServer> {
  const wanted = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`;
  const admitted: string[] = [];
  const refused: string[] = [];
  const server = createServer((request, response) => {
    const given = request.headers.authorization ?? '';
    if (redirectTo !== undefined) {
      response.writeHead(302, { location: redirectTo + request.url }).end();
    } else if (given === wanted) {
      admitted.push(given);
      runBackend(join(scene.root, 'server'), request, response);
    } else {
      refused.push(given);
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, admitted, refused };
}

/** CGI: the answer's head comes first on stdout. */
function runBackend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stdout.on('end', () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf('\r\n\r\n');
    const head = output.toString('latin1', 0, end).split('\r\n');
    const headers = head.map((line) => line.split(': ') as [string, string]);
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
    response.writeHead(Number.parseInt(status, 10), Object.fromEntries(headers));
    response.end(output.subarray(end + 4));
  });
}
