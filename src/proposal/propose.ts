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
import type { Change, Verdict } from './proposal.ts';
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

const UNCHECKED: CheckFinding = {
  rule: 'fsck',
  action: 'block',
  commit: '',
  path: '',
  line: 0,
  detail: 'The change was not checked to its end',
};

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
  const commits = await attempt('The commits are not listed', [], () =>
    listCommits(repository, base, tip),
  );
  const stat = await attempt('The changed files are not listed', [], () =>
    listFiles(repository, base, tip),
  );
  const patch = await attempt('There is no patch', '', () =>
    writePatch(repository, base, tip, join(directory, PATCH_FILE)),
  );
  const findings = await attempt('The change was not checked', [UNCHECKED], () =>
    checkCommits(repository.git, { base, tips: [tip], policy }),
  );
  const verdict = verdictOf(findings);
  const bundle = await attempt('There is no bundle of the change', '', async () =>
    verdict === 'blocked'
      ? ''
      : await writeBundle(repository, base, tip, join(directory, BUNDLE_FILE)),
  );
  const described = { commits, stat, patch };
  const shown =
    verdict === 'blocked'
      ? await attempt('What the change holds is not shown', HIDDEN, () =>
          coverChange(described, searchSecrets(policy.secrets)),
        )
      : described;
  if (shown.patch !== patch) await rm(patch, { force: true });
  const place = { bundle, repository: repository.directory };
  return { kind: 'change', base, tip, ...shown, ...place, findings, verdict, notices };
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
