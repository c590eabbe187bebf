/** What the job has that a bottle needs (git, a cache), or that no agent's job should have. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../host/host.ts';
import type { Finding } from '../machine.ts';
import { ok, warn } from './finding.ts';

export type JobFacts = {
  /** What `git --version` prints; empty: there is no git. */
  readonly git: string;
  /** How the checkout keeps a credential; empty: it keeps none. */
  readonly credential: string;
  /** The job may ask for an identity token. */
  readonly idToken: boolean;
  /** `ACTIONS_CACHE_MODE`; empty: the runner does not say. */
  readonly cacheMode: string;
  /** The runner offers a cache at all. */
  readonly hasCache: boolean;
};

/** The first git with all the settings that keep a hostile repository's own out. */
const GIT_FLOOR = [2, 32] as const;

export async function probeJob(host: Host): Promise<JobFacts> {
  const { env } = host;
  return {
    git: await gitVersion(host),
    credential: await persistedCredential(env.GITHUB_WORKSPACE),
    idToken: Boolean(env.ACTIONS_ID_TOKEN_REQUEST_URL),
    cacheMode: env.ACTIONS_CACHE_MODE ?? '',
    hasCache: Boolean(env.ACTIONS_RESULTS_URL || env.ACTIONS_CACHE_URL),
  };
}

async function gitVersion(host: Host): Promise<string> {
  const git = host.which('git');
  if (git === undefined) return '';
  const { exitCode, stdout } = await host.run([git, '--version'], { timeoutMs: 5_000 });
  return exitCode === 0 ? stdout.trim() : '';
}

/** How actions/checkout leaves what it fetched with: versions before 6, since 6, and for SSH keys. */
const CREDENTIALS: readonly (readonly [pattern: RegExp, how: string])[] = [
  [/^\s*extraheader\s*=\s*authorization:/im, 'an extraheader in .git/config'],
  [/^\s*path\s*=.*git-credentials-\S*\.config/im, 'an includeIf in .git/config'],
  [/^\s*sshcommand\s*=.*-i /im, 'an sshCommand with a key in .git/config'],
  [/^\s*url\s*=\s*https?:\/\/[^/\s]*@/im, 'a URL with a password in .git/config'],
];

async function persistedCredential(workspace: string | undefined): Promise<string> {
  if (!workspace) return '';
  const text = await readFile(join(workspace, '.git', 'config'), 'utf8').catch(() => '');
  return CREDENTIALS.find(([pattern]) => pattern.test(text))?.[1] ?? '';
}

export function examineJob(facts: JobFacts): Finding[] {
  return [examineGit(facts), examineCredential(facts), examineIdToken(facts), examineCache(facts)];
}

function examineGit({ git }: JobFacts): Finding {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(git) ?? [];
  const floor = GIT_FLOOR.join('.');
  const remedy = `Install git ${floor} or newer: the workspace goes into the bottle through it.`;
  if (major === undefined) return warn('git', git || 'not on PATH', remedy);
  const isOld =
    Number(major) < GIT_FLOOR[0] ||
    (Number(major) === GIT_FLOOR[0] && Number(minor) < GIT_FLOOR[1]);
  return isOld ? warn('git', git, remedy) : ok('git', git);
}

function examineCredential({ credential }: JobFacts): Finding {
  const probe = 'credentials of the checkout';
  if (credential === '') return ok(probe, 'none kept');
  const remedy =
    'Set `persist-credentials: false` on actions/checkout: no bottle gets them, later steps do.';
  return warn(probe, credential, remedy);
}

function examineIdToken({ idToken }: JobFacts): Finding {
  const probe = 'identity token (`id-token: write`)';
  if (!idToken) return ok(probe, 'not offered to this job');
  return warn(probe, 'offered, and not used here', "Take it out of this job's permissions.");
}

function examineCache({ cacheMode, hasCache }: JobFacts): Finding {
  const probe = 'Actions cache';
  if (!hasCache) return ok(probe, 'none: images come from the store or their source');
  if (cacheMode === '') return ok(probe, 'there; the runner does not say which mode');
  if (cacheMode === 'none' || cacheMode === 'read') {
    return ok(probe, `mode ${cacheMode}: this event may not save images`);
  }
  return ok(probe, `mode ${cacheMode}`);
}
