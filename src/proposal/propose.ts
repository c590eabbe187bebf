/** Checks a tip, and writes down what it changes: for a person, for a record, for a push. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { checkCommits } from '../git-check/check-commits.ts';
import type { CheckFinding } from '../git-check/finding.ts';
import type { CheckPolicy } from '../git-check/policy.ts';
import { type SecretSearch, searchSecrets } from '../git-check/secret-search.ts';
import type { HostPath } from '../host/host.ts';
import { printable } from '../printable.ts';
import { coverFile, coverText } from './cover.ts';
import { listCommits, listFiles } from './describe.ts';
import { writePatch } from './patch.ts';
import { blockedBy, type Change, type Verdict } from './proposal.ts';
import type { ProposalRepository } from './repository.ts';
import { writeBundle } from './write.ts';

export type ProposeRequest = {
  readonly base: string;
  readonly tip: string;
  readonly policy: CheckPolicy;
  /** Made when it does not exist. */
  readonly directory: HostPath;
};

export const PATCH_FILE = 'changes.patch';
export const BUNDLE_FILE = 'proposal.bundle';

/** What is blocked may be larger than anybody would want to see described. */
const DESCRIBE_BLOCKED_MS = 5_000;

/** What fails costs its own part, and a notice; what was not checked is blocked. */
export async function propose(
  repository: ProposalRepository,
  { base, tip, policy, directory }: ProposeRequest,
): Promise<Change> {
  const notices: string[] = [];
  async function attempt<T>(what: string, instead: T, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      notices.push(`${what}: ${printable(messageOf(error))}`);
      return instead;
    }
  }
  await mkdir(directory, { recursive: true });
  const late = new AbortController();
  const describing = limitedBy(late.signal, repository);
  const checking = attempt('The change was not checked', [UNCHECKED], () =>
    checkCommits(repository.git, { base, tips: [tip], policy }),
  ).then((findings) => {
    if (verdictOf(findings) === 'blocked') {
      const time = new Error(`it took over ${DESCRIBE_BLOCKED_MS / 1000} s, of a blocked change`);
      setTimeout(() => late.abort(time), DESCRIBE_BLOCKED_MS).unref();
    }
    return findings;
  });
  const [findings, commits, stat, patch] = await Promise.all([
    checking,
    attempt('The commits are not listed', [], () => listCommits(describing, base, tip)),
    attempt('The changed files are not listed', [], () => listFiles(describing, base, tip)),
    attempt('There is no patch', '', () =>
      writePatch(describing, base, tip, join(directory, PATCH_FILE)),
    ),
  ]);
  const verdict = verdictOf(findings);
  const described = { commits, stat, patch };
  const place = { base, tip, repository: repository.directory };
  if (verdict !== 'blocked') {
    const bundle = await attempt('There is no bundle of the change', '', () =>
      writeBundle(repository, base, tip, join(directory, BUNDLE_FILE)),
    );
    return { kind: 'change', ...place, ...described, bundle, findings, verdict, notices };
  }
  const shown = await attempt('What the change holds is not shown', HIDDEN, () =>
    coverChange(described, searchSecrets(policy.secrets)),
  );
  if (shown.patch !== patch) await rm(patch, { force: true });
  return { kind: 'change', ...place, ...shown, bundle: '', findings, verdict, notices };
}

const UNCHECKED = blockedBy('fsck', 'The change was not checked to its end');

function limitedBy(signal: AbortSignal, repository: ProposalRepository): ProposalRepository {
  const run: ProposalRepository['run'] = (args, options) =>
    repository.run(args, { ...options, signal });
  return { ...repository, run };
}

function verdictOf(findings: readonly CheckFinding[]): Verdict {
  if (findings.some(({ action }) => action === 'block')) return 'blocked';
  return findings.length > 0 ? 'review' : 'clean';
}

type Described = Pick<Change, 'commits' | 'stat' | 'patch'>;

const HIDDEN: Described = { commits: [], stat: [], patch: '' };

/** Without the secrets that may be what blocks it. */
async function coverChange(
  { commits, stat, patch }: Described,
  search: SecretSearch,
): Promise<Described> {
  if (patch !== '') await coverFile(search, patch);
  const cover = (text: string) => coverText(search, text);
  return {
    patch,
    stat: await Promise.all(stat.map(async (file) => ({ ...file, path: await cover(file.path) }))),
    commits: await Promise.all(
      commits.map(async ({ sha, subject, author }) => ({
        sha,
        subject: await cover(subject),
        author: await cover(author),
      })),
    ),
  };
}
