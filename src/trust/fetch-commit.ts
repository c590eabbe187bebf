/** Fetches from the repository that the event belongs to, never from a checkout's remotes. */
import { BottleError } from '../errors.ts';
import { accessTo } from '../github/access.ts';
import type { Host } from '../host/host.ts';
import type { Git, GitResult } from './git.ts';
import type { View } from './repository.ts';

export type Remote = {
  /** False off GitHub: there is nobody to ask. */
  readonly exists: boolean;
  /** The commit of a branch or, if there is no such branch, of a tag. */
  resolve(name: string): Promise<string | undefined>;
  /** Into our own object directory; no ref is written. */
  fetch(sha: string): Promise<void>;
};

const FETCH_MS = 120_000;

export function makeRemote(host: Host, git: Git, view: View & { readonly token: string }): Remote {
  const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: name = '' } = host.env;
  const exists = server !== '' && name !== '';
  const url = `${server}/${name}`;
  const environment = exists ? accessTo(host, server, view.token) : {};

  return {
    exists,
    resolve: async (revision) => {
      const short = revision.replace(/^refs\/(heads|tags)\//, '');
      const refs = [`refs/heads/${short}`, `refs/tags/${short}^{}`, `refs/tags/${short}`];
      const wanted = refs.filter((ref) => ref.startsWith(revision) || short === revision);
      const args = ['ls-remote', '--quiet', '--', url, ...wanted];
      const options = { ...view, env: { ...view.alone, ...environment }, timeoutMs: FETCH_MS };
      const result = await git.ask(args, options);
      if (result.exitCode !== 0) throw unreachable(`${revision} of ${url}`, result);
      const lines = result.stdout.toString().split('\n');
      const answers = new Map(lines.map((line) => line.split('\t').reverse() as [string, string]));
      return wanted.map((ref) => answers.get(ref)).find((sha) => sha !== undefined);
    },
    fetch: async (sha) => {
      if (!exists || /^0+$/.test(sha)) throw absent(sha, 'There is no repository to fetch it from');
      const args = [
        'fetch',
        '--quiet',
        '--depth=1',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-recurse-submodules',
        '--refmap=',
        // What is checked out already need not be sent again, unless parts of it are missing.
        ...(view.partial ? [] : [`--negotiation-tip=${view.head}`]),
        '--',
        url,
        sha,
      ];
      const base = view.partial ? view.alone : view.env;
      const options = { cwd: view.cwd, env: { ...base, ...environment }, timeoutMs: FETCH_MS };
      const result = await git.ask(args, options);
      if (result.exitCode !== 0) throw absent(sha, `Fetching from ${url}: ${result.stderr}`);
    },
  };
}

function absent(sha: string, detail: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'The commit that the manifest is read from cannot be had',
    where: `commit ${sha}. ${detail}`,
    fix: 'Give actions/checkout `fetch-depth: 0`, or this action a `token` that may read the code.',
  });
}

function unreachable(what: string, { stderr }: GitResult): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'The ref that the manifest is read from could not be looked up',
    where: `${what}: ${stderr}`,
    fix: 'Check that the runner reaches the server and that the `token` may read the code.',
  });
}
