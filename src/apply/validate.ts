/** Takes the proposal's commits into a repository of this job and checks them as the run did. */
import { createReadStream, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { takeBundle } from '../git-check/bundle.ts';
import type { CheckPolicy } from '../git-check/policy.ts';
import { accessTo } from '../github/access.ts';
import type { Host, HostPath } from '../host/host.ts';
import { printable } from '../printable.ts';
import type { Change } from '../proposal/proposal.ts';
import { propose } from '../proposal/propose.ts';
import { openRepository, type ProposalRepository } from '../proposal/repository.ts';
import { makeGit } from '../trust/git.ts';
import type { Place } from '../write-back/written.ts';
import { notApplied } from './refusal.ts';

export type ValidateRequest = {
  readonly bundle: HostPath;
  /** As `run.json` claims. */
  readonly base: string;
  readonly tip: string;
  readonly policy: CheckPolicy;
  readonly checkout: HostPath;
  readonly place: Place;
  /** A directory of the step. */
  readonly own: HostPath;
};

const MAX_REFS = 10;

/** @throws {BottleError} `push-failed`: the base or the bundle is not what it is said to be */
export async function validate(host: Host, request: ValidateRequest): Promise<Change> {
  const { bundle, base, tip, policy, own } = request;
  const repository = await openScratch(host, request);
  await requireBase(host, repository, request);
  const limits = { maxBytes: statSync(bundle).size, maxRefs: MAX_REFS };
  const { refs, findings } = await takeBundle(repository.git, createReadStream(bundle), limits);
  const [finding] = findings;
  if (finding !== undefined) {
    throw notApplied(
      'The bundle of the proposal was refused',
      `${finding.rule}: ${finding.detail}`,
    );
  }
  const [ref, ...more] = refs;
  if (ref?.id !== tip || ref.name !== 'refs/heads/proposal' || more.length > 0) {
    const where = printable(`bundle: ${ref?.id} ${ref?.name}, run.json: ${tip}`);
    throw notApplied('The bundle holds something else than run.json says', where);
  }
  return await propose(repository, { base, tip, policy, directory: join(own, 'checked') });
}

/** Ours, beside the checkout's objects; nothing of the checkout's configuration is in force. */
async function openScratch(
  host: Host,
  { own, checkout, base }: ValidateRequest,
): Promise<ProposalRepository> {
  const program = host.which('git');
  if (program === undefined) throw notApplied('There is no git on the runner', 'PATH', INSTALL);
  const asked = await makeGit(host, program, own).ask(['rev-parse', '--git-path', 'objects'], {
    cwd: checkout,
    env: { GIT_CEILING_DIRECTORIES: dirname(checkout) },
  });
  const objects = resolve(checkout, asked.stdout.toString().trimEnd());
  if (asked.exitCode !== 0) {
    throw notApplied('The repository is not checked out', checkout, 'Use actions/checkout before.');
  }
  const directory = join(own, 'repository');
  mkdirSync(directory);
  const source = { repository: dirname(objects), commit: base };
  return openRepository(host, program, source, directory, host.cancelled);
}

const INSTALL = 'Install git on the runner.';

/** The checkout of this job may be of a later commit, and shallow. */
async function requireBase(
  host: Host,
  { git }: ProposalRepository,
  { base, place }: ValidateRequest,
): Promise<void> {
  const isThere = async () => (await git(['cat-file', '-e', `${base}^{commit}`])).exitCode === 0;
  if (await isThere()) return;
  const url = `${place.server}/${place.repository}`;
  const env = accessTo(host, place.server, place.token);
  const options = ['--quiet', '--depth=1', '--no-tags', '--no-write-fetch-head', '--refmap='];
  const fetched = await git(['fetch', ...options, '--', url, base], { env });
  if (fetched.exitCode === 0 && (await isThere())) return;
  const fix = 'Give actions/checkout `fetch-depth: 0`.';
  throw notApplied('The commit that the agent began with cannot be had', fetched.stderr, fix);
}
